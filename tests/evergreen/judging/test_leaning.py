"""evergreen.judging.leaning: a sentence that claims no more than was measured."""

from typing import Any

import pytest

from evergreen.judging.leaning import in_points, told


def _row(name: str, lost: float | None, leans_on: str = "", within: float = 0.02) -> dict[str, Any]:
    row = {"name": name, "lost": lost, "accuracy": None if lost is None else 0.9 - lost, "leans_on": leans_on}
    limits = (None, None) if lost is None else (lost - within, lost + within)
    return row | dict(zip(("lost_low", "lost_high"), limits, strict=True))


BRIGHT = [_row("darker", 0.2, "brightness"), _row("brighter", 0.125, "brightness"), _row("grey", 0.01)]
UNKNOWN = [_row("plain background", None), _row("busy background", None)]


@pytest.mark.parametrize(
    ("changes", "leans_on", "summary"),
    [
        ([], [], "What the model leans on was not measured: evaluate.shortcut_images is 0."),
        (UNKNOWN, [], "What the model leans on was not measured: no change could be made to 10 images."),
        (BRIGHT[2:], [], "No change that was tried costs over 5 points of accuracy, chance aside."),
        (
            BRIGHT,
            ["brightness"],
            "The model leans on brightness (points of accuracy lost: darker 20.0, brighter 12.5).",
        ),
        (  # surely something, and perhaps over 5 points; a loss that may be none is not named
            [_row("busy background", 0.05), _row("jpeg", 0.04, within=0.04), *BRIGHT[2:]],
            [],
            "No change that was tried costs over 5 points of accuracy, chance aside. "
            "Perhaps over 5: busy background 5.0 (3.0 to 7.0).",
        ),
        (
            [BRIGHT[0], _row("busy background", 0.05)],
            ["brightness"],
            "The model leans on brightness (points of accuracy lost: darker 20.0). "
            "Perhaps over 5: busy background 5.0 (3.0 to 7.0).",
        ),
        (
            [BRIGHT[2], *UNKNOWN],
            [],
            "No change that was tried costs over 5 points of accuracy, chance aside. "
            "Not measured, on fewer than 10 images: plain background, busy background.",
        ),
    ],
)
def test_what_a_model_leans_on_in_words(changes: list[dict[str, Any]], leans_on: list[str], summary: str) -> None:
    assert told(20, changes) == {"leans_on": leans_on, "summary": summary, "sample": 20, "changes": changes}


def test_points_have_their_interval_or_were_not_measured() -> None:
    row = {"lost": 0.0741, "lost_low": 0.0432, "lost_high": 0.105}
    assert in_points(row, "lost") == "7.4 (4.3 to 10.5)"
    assert in_points(row | {"lost": None}, "lost") == in_points(None, "lost") == "not measured"
