"""runs.sweeps.place: a search has another folder where its trials would be others, else the same."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trainings import inputs_of_train

from evergreen.recipe import load_recipe
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.values import recipe_of
from runs import keys
from runs.sweeps.place import asked, folder_of, read_last, unasked, write_last
from storage.store import Store

OVER = ("train.head.dropout=[0,0.2]",)


@pytest.fixture
def folder(store: Store) -> Callable[..., Path]:
    def of(*over: str, overrides: tuple[str, ...] = (), data: bytes = b"", **options: object) -> Path:
        space = check(load_sweep("digits", over or OVER, overrides, options=options))
        inputs = inputs_of_train(store) | {"dataset": store.publish("dataset", {"dataset.csv": data})}
        return folder_of(store, space, recipe_of(space.sweep, {}), inputs)

    return of


def test_the_folder_moves_with_what_is_asked_and_with_what_decides_a_training(
    folder: Callable[..., Path], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = folder()
    assert first.parent == store.root / "sweeps"
    assert first.name.startswith("digits-")
    found = [
        first,
        folder(data=b"other images"),
        folder(overrides=("train.phases.0.epochs=3",)),
        folder(overrides=("train.threads=7",)),
        folder("train.head.dropout=[0,0.3]"),
        folder("train.head.dropout=[0,0.2]", "augment.magnitude=[0.1]"),
        folder(prune="successive-halving"),
        folder(seeds="1,2"),
        folder(trials=1),
        folder(trials=1, seed=1),
        folder(method="random", trials=2),
        folder(method="tpe", trials=2),
    ]
    monkeypatch.setattr(keys, "_version", lambda name: "another")
    found.append(folder())
    assert len(set(found)) == len(found)


def test_the_folder_stays_with_what_only_says_how_long_and_how_many_at_once(folder: Callable[..., Path]) -> None:
    assert folder() == folder(budget_minutes=3) == folder(trials=2), "a whole grid is the same however it is said"
    assert folder(parallel=2, overrides=("train.threads=1",)) == folder(overrides=("train.threads=1",))
    assert folder(seeds=str(load_recipe("digits").seed)) == folder(), "the recipe's own"
    assert folder(overrides=("gate.min_gain=0.1", "title=Mine")) == folder(), "no part of a training"
    searches = {folder("train.head.dropout=0..0.5", trials=trials) for trials in (4, 8)}
    assert len(searches) == 1, "with more trials it goes on"


def test_the_folder_moves_with_what_stands_in_a_file_that_a_value_names(
    folder: Callable[..., Path], tmp_path: Path
) -> None:
    weights = tmp_path / "mine.weights.h5"
    over = f"train.weights=[imagenet, {json.dumps(str(weights))}]"
    backbone = ("train.backbone=MobileNetV2", "image={height: 96, width: 96}")
    weights.write_bytes(b"one")
    one = folder(over, overrides=backbone)
    weights.write_bytes(b"two")
    assert folder(over, overrides=backbone) != one
    weights.write_bytes(b"one")
    assert folder(over, overrides=backbone) == one


@pytest.mark.parametrize(
    "kept",
    [None, b"", b'{"trials": [', b"\xff\xfe\x00", b"[1, 2]", b"null", b'"text"', b"12"],
    ids=["none", "empty", "torn", "binary", "list", "null", "text", "number"],
)
def test_what_was_kept_and_cannot_be_read_is_as_if_there_were_none(kept: bytes | None, tmp_path: Path) -> None:
    if kept is not None:
        (tmp_path / "sweep.json").write_bytes(kept)
    assert read_last(tmp_path) is None


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    there = tmp_path / "made" / "for it"
    write_last(there, {"name": "ünï"})
    write_last(there, {"name": "ünï", "best": 1})
    assert read_last(there) == {"name": "ünï", "best": 1}
    assert [path.name for path in there.iterdir()] == ["sweep.json"]


def test_a_search_that_nobody_asked_for_may_go(store: Store) -> None:
    names = ("digits-0123456789abcdef", "digits-fedcba9876543210", "somebody's own")
    old = time.time() - 30 * 86_400
    for name in names:
        write_last(store.root / "sweeps" / name, {})
        for path in (store.root / "sweeps" / name / "sweep.json", store.root / "sweeps" / name):
            os.utime(path, (old, old))
    assert [path.name for path in unasked(store, 29)] == list(names[:2])
    assert unasked(store, 31) == []
    asked(store, store.root / "sweeps" / names[0])
    assert [path.name for path in unasked(store, 29)] == [names[1]]
