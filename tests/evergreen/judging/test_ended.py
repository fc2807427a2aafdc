"""evergreen.judging.ended: why a training ended, in one line."""

from typing import Any

import pytest

from evergreen.judging.ended import is_cut, with_words, words


def _phase(phase: int, why: str, epochs: int = 3, midway: bool = False) -> dict[str, Any]:
    return {"phase": phase, "epochs": epochs, "of": 9, "midway": midway, "why": why}


@pytest.mark.parametrize(
    ("why", "phases", "said"),
    [
        ("epochs", [_phase(1, "epochs", 9)], "every epoch was trained (phase 1: all epochs, 9)"),
        ("stop_when", [_phase(1, "stop_when")], "it was good enough for stop_when (phase 1: 3 of 9 epochs, stop_when)"),
        (
            "time limit",
            [_phase(1, "patience"), _phase(2, "time limit", midway=True), _phase(3, "not begun", 0)],
            "train.time_limit_minutes cut it short (phase 1: 3 of 9 epochs, patience; "
            "phase 2: 3 of 9 epochs and part of one, time limit; phase 3: not begun)",
        ),
        (
            "patience",
            [_phase(1, "patience") | {"schedule": "cosine"}],
            "early_stopping found it no better (phase 1: 3 of 9 epochs, patience, before its cosine learning rate had "
            "come down)",
        ),
    ],
)
def test_it_is_said_of_the_whole_and_of_every_phase(why: str, phases: list[dict[str, Any]], said: str) -> None:
    ended = {"why": why, "phases": phases}
    assert words(ended) == said
    assert with_words(ended) == ended | {"words": said}
    assert words(ended | {"devices": 2}) == f"{said}, on 2 devices"
    assert is_cut(ended) == (why == "time limit")
    in_its_teachers = {"why": "stopped", "phases": [], "teacher": {"name": "big", **ended}}
    assert words(in_its_teachers) == f"it was stopped while its teacher big was trained {said[said.index('(') :]}"
