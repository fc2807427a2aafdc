"""flows.dashboard.sweep: the verdict with its pictures, every trial as a row, names that mean no markup."""

import base64
import re
from typing import Any

import made_sweeps
import pytest
from pages import svg_of

from flows.dashboard import sweep as dashboard


def _shown(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[dict[str, str]]]:
    """Return the Markdown and the table that the dashboard is given."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(dashboard, "create_markdown_artifact", lambda **of: given.update({of["key"]: of["markdown"]}))
    monkeypatch.setattr(dashboard, "create_table_artifact", lambda **of: given.update({of["key"]: of["table"]}))
    dashboard.show_sweep(made)
    assert list(given) == ["tsel-sweep-trials", "tsel-sweep"]
    return given["tsel-sweep"], given["tsel-sweep-trials"]


def test_it_says_what_the_page_says_with_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_sweeps.grid()
    text, rows = _shown(made, monkeypatch)
    assert text.startswith(
        "# Trial 7 wins\\: validation accuracy 78\\.85\\% \\(backbone EfficientNetB0\\, magnitude 0\\.25"
    )
    assert "It leads trial 6" in text
    assert f"```text\n{made['next']}\n```" in text
    assert "[Every trial](/artifacts/key/tsel-sweep-trials)" in text
    assert "| augment\\.magnitude | 0\\.05\\, 0\\.15\\, 0\\.25\\, 0\\.35\\, 0\\.5 | 8% |" in text
    assert "- Trial 4 \\(backbone MobileNetV2\\, magnitude 0\\.5\\)\\, validation accuracy 46\\.84\\%\\, pruned" in text
    assert "- Trial 9 failed\\: TrainingDiverged" in text
    pictures = re.findall(r"!\[[^]]+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", text)
    drawn = [base64.b64decode(picture).decode() for picture in pictures]
    assert [len(svg_of(picture).findall(".//*[@data-trial]")) for picture in drawn] == [10, 9]
    assert all("currentColor" not in picture for picture in drawn)  # a picture knows no page around it
    assert [row["trial"] for row in rows][:2] == ["7", "6"]
    assert rows[0] | {"backbone": "EfficientNetB0", "val_accuracy": "78.85 %", "state": "best, trained"} == rows[0]
    assert rows[-1]["why"].startswith("TrainingDiverged")


@pytest.mark.parametrize("name", ["single", "all_failed", "hostile"])
def test_every_sweep_can_be_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, rows = _shown(getattr(made_sweeps, name)(), monkeypatch)
    assert text.count("](data:image/svg") == (1 if name == "all_failed" else 2)
    assert len(rows) == {"single": 1, "all_failed": 3, "hostile": 6}[name]
    outside = re.sub(r"```text.*?```", "", text, flags=re.DOTALL)
    assert re.findall(r"(?<!\\)[<`]", re.sub(r"`2026[^`]*`", "", outside)) == []
    assert "\x1b" not in text + "".join(value for row in rows for value in row.values())
