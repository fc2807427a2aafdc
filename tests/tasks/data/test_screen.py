"""tasks.data.screen: what a busy machine could not judge is no part of any result that stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from prefect.logging import disable_run_logger

from evergreen.datasets.workers import measure_all
from evergreen.errors import DecodersUnavailable
from evergreen.images.processes.worker import Worker
from evergreen.recipe import load_recipe
from runs.run import Run
from runs.spread.measuring import OnCluster
from runs.tables import publish_dataset, read_table
from storage.store import Store
from tasks.data.screen import screen

COLUMNS = ["path", "label", "sha256", "bytes", "subset"]


def test_a_busy_moment_leaves_no_result_and_the_next_run_has_every_picture(
    store: Store, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    for number in range(4):
        digest = store.put_blob(png(number))
        rows.append((f"a/{number}.png", "a", digest, 1, ""))
    table = pd.DataFrame(rows, columns=COLUMNS)
    dataset = publish_dataset(store, table, ["a"], {})
    run = Run.new(store, load_recipe("digits"))
    real = Worker.answers
    good = rows[2][2]

    def killed(self: Worker, next_batch: Any) -> Iterator[Any]:
        for request, answer in real(self, next_batch):
            lost = {"lost": "the decoder crashed (SIGKILL)", "machine": True}
            yield request, lost if request["sha256"] == good else answer

    with disable_run_logger():
        expected = screen.fn(run, dataset=dataset)
        for memo in (store.root / "memos").iterdir():
            memo.unlink()
        monkeypatch.setattr(Worker, "answers", killed)
        with pytest.raises(DecodersUnavailable, match=r"a/2\.png \(the decoder crashed \(SIGKILL\)\)"):
            screen.fn(run, dataset=dataset)
        monkeypatch.setattr(Worker, "answers", real)
        assert screen.fn(run, dataset=dataset) == expected
    assert len(read_table(store, expected)) == 4


def test_where_a_variable_names_a_cluster_its_workers_are_asked(
    store: Store, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame([("a/1.png", "a", store.put_blob(png()), 1, "")], columns=COLUMNS)
    dataset = publish_dataset(store, table, ["a"], {})
    asked: list[str] = []

    def measured(self: OnCluster, *arguments: Any) -> Iterator[Any]:
        asked.append(self.address.on)
        return measure_all(*arguments)

    monkeypatch.setattr(OnCluster, "measure_all", measured)
    monkeypatch.setenv("EVERGREEN_DASK", "tls://scheduler:8786")
    with disable_run_logger():
        screen.fn(Run.new(store, load_recipe("digits")), dataset=dataset)
    assert asked == ["tls://scheduler:8786"]
