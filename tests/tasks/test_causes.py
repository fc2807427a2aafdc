"""tasks.causes: why a step runs is what set off the first of the chain, and where; a test of the words, no store."""

import pytest

from runs.run import Entry
from tasks.causes import traced

RAN = {
    "probe": Entry("probe", "ran", "the source has a new version"),
    "screen": Entry("screen", "reused", "nothing changed"),
    "split": Entry("split", "ran", "split.test: 0.15 -> 0.2; code of evergreen.datasets.split and 2 more"),
    "acquire": Entry("acquire", "ran", "probe gave another result"),
    "train": Entry("train", "ran", "train.seed: 1 -> 2; split gave another result"),
    "evaluate": Entry("evaluate", "ran", "split gave another result; train gave another result"),
    "challenge": Entry("challenge", "ran", "first run"),
    "promote": Entry("promote", "ran", "train gave another result"),
}
OF_SPLIT = "split.test: 0.15 -> 0.2, at split; code of evergreen.datasets.split and 2 more, at split"


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("first run", "first run"),
        ("probe gave another result", "the source has a new version"),
        ("acquire gave another result", "the source has a new version"),
        ("split gave another result", OF_SPLIT),
        ("train gave another result and 1 more", f"train.seed: 1 -> 2, at train; {OF_SPLIT}"),
        ("evaluate gave another result", f"{OF_SPLIT}; train.seed: 1 -> 2, at train"),  # each cause once
        ("gate.min: 1 -> 2; acquire gave another result", "gate.min: 1 -> 2; the source has a new version"),
        ("promote gave another result", f"train.seed: 1 -> 2, at train; {OF_SPLIT}"),
        ("challenge gave another result", "challenge gave another result"),
        ("screen gave another result", "screen gave another result"),  # an artifact of an earlier run
        ("balance gave another result", "balance gave another result"),
    ],
)
def test_the_cause_is_the_first_of_the_chain(reason: str, cause: str) -> None:
    assert traced(reason, RAN) == cause
