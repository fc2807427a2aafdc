"""runs.summaries.int8: what was tried is the artifact's, its times are those of the record."""

from typing import Any

import pytest
from releases import leave_record

from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.summaries.int8 import int8_of
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store

TRIED = [{"how": "as asked for", "agreement": 0.98}, {"how": "more images", "agreement": 0.99}]


@pytest.fixture
def run(store: Store) -> Run:
    return Run.new(store, load_recipe("digits"))


def _exported(run: Run, measured: dict[str, Any] | None, int8: dict[str, Any] | None) -> Ref:
    ref = run.store.publish("exports", {}, {"formats": [], **({"int8": int8} if int8 else {})})
    parts = KeyParts("export", 3, {}, {}, {}, {})
    run.journal.entries["export"] = Entry("export", "ran", "first run", output=ref, key=parts.key)
    if measured is not None:
        leave_record(run.store, parts, ref, measured=measured)
    return ref


@pytest.mark.parametrize(
    ("measured", "times"),
    [
        ({"tried_ms": [2.5, 3.5]}, [2.5, 3.5]),
        ({"tried_ms": [2.5]}, [2.5, None]),
        ({}, [None, None]),
        (None, [None, None]),
    ],
)
def test_every_attempt_has_the_time_that_its_record_holds(
    run: Run, measured: dict[str, Any] | None, times: list[float | None]
) -> None:
    ref = _exported(run, measured, {"taken": 1, "tried": TRIED})
    found = int8_of(run, run.store.manifest(ref.sha256))
    assert found is not None
    assert found == {"taken": 1, "tried": [one | {"median_ms": time} for one, time in zip(TRIED, times, strict=True)]}
    assert "median_ms" not in run.store.manifest(ref.sha256).facts["int8"]["tried"][0]


def test_exports_of_before_say_nothing(run: Run) -> None:
    assert int8_of(run, run.store.manifest(_exported(run, {}, None).sha256)) is None
