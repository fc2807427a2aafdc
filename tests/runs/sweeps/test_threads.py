"""runs.sweeps.threads: what each of several trainings at once computes on."""

import pytest

from evergreen.images.processors import processors
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space
from runs.sweeps import threads as module
from runs.sweeps.threads import shared_out


def space(parallel: int, *overrides: str) -> Space:
    return check(load_sweep("digits", ["train.head.dropout=[0,0.2]"], overrides, options={"parallel": parallel}))


def test_several_trainings_share_the_processors_out_unless_the_recipe_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shared_out(space(1)) == ([], [])
    assert shared_out(space(2, "train.threads=3")) == ([], [])
    for parallel, threads in ((2, 4), (3, 2), (64, 1)):
        monkeypatch.setattr(module, "processors", lambda: 8)
        pairs, (note,) = shared_out(space(parallel))
        assert pairs == [f"train.threads={threads}"]
        assert note.startswith(f"{parallel} trials at once on 8 processors: train.threads={threads} for each")
    assert processors() > 0
