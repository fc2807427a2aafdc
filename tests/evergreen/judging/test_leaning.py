"""evergreen.judging.leaning: a sentence that claims no more than was measured."""

from typing import Any

import pytest

from evergreen.judging.leaning import told


def _row(name: str, lost: float | None, leans_on: str = "") -> dict[str, Any]:
    return {"name": name, "lost": lost, "accuracy": None if lost is None else 0.9 - lost, "leans_on": leans_on}


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
