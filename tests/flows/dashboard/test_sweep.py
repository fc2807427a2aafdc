"""flows.dashboard.sweep: the verdict with its pictures, every trial as a row, names that mean no markup."""

import base64
import json
import re
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID, uuid4

import made_sweeps
import pytest
from pages import svg_of

from flows.dashboard import sweep as dashboard


def _shown(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[dict[str, str]]]:
    """Return the Markdown and the table that the dashboard is given."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(dashboard, "create_markdown_artifact", lambda **of: given.update({of["key"]: of["markdown"]}))
    monkeypatch.setattr(dashboard, "create_table_artifact", lambda **of: given.update({of["key"]: of["table"]}))
    dashboard.SweepShown().show(made)
    assert list(given) == ["tsel-sweep-trials", "tsel-sweep"]
    return given["tsel-sweep"], given["tsel-sweep-trials"]


def test_it_says_what_the_page_says_with_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_sweeps.grid() | {"next": "evergreen retrain tsel --source '/a b' --set 'train.cnn=[]' --set seed=2"}
    text, rows = _shown(made, monkeypatch)
    assert text.startswith(
        "# Trial 7 wins\\: validation accuracy 78\\.85\\% \\(backbone EfficientNetB0\\, magnitude 0\\.25"
    )
    assert "It leads trial 6" in text
    assert f"Or in a terminal:\n\n```text\n{made['next']}\n```" in text
    assert (
        "```text\nrecipe: tsel\nsource: /a b\noverrides, an item: train.cnn=[]\noverrides, an item: seed=2\n```" in text
    )
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


def test_a_sweep_that_goes_on_is_written_anew_and_nobody_has_won(monkeypatch: pytest.MonkeyPatch) -> None:
    made, artifacts, updates = made_sweeps.grid(), dict[UUID, str](), list[tuple[UUID, str]]()

    def create(**of: Any) -> UUID:
        artifacts[number := uuid4()] = of.get("markdown", "")
        return number

    client = MagicMock()
    client.__enter__.return_value.update_artifact = lambda number, update: updates.append((number, update.data))
    monkeypatch.setattr(dashboard, "create_markdown_artifact", create)
    monkeypatch.setattr(dashboard, "create_table_artifact", create)
    monkeypatch.setattr(dashboard, "get_client", lambda **_: client)
    page = dashboard.SweepShown()
    now = made | {"outcome": "running", "lead": None, "optimism": "", "importance": None, "importance_method": ""}
    page.show(now | {"best": None})
    page.show(now)
    page.show(made)
    assert len(artifacts) == 2
    assert [number for number, _ in updates] == [*artifacts, *artifacts]
    begun, running, ended = list(artifacts.values())[1], updates[1][1], updates[3][1]
    assert begun.startswith("# No trial has ended yet\n")
    assert running.startswith("# Trial 7 leads so far\\: validation accuracy 78\\.85\\%")
    assert ended.startswith("# Trial 7 wins")
    assert "reload" in running
    assert made["next"] not in running
    assert "reload" not in ended
    assert "\n\n.\n" not in running
    assert json.loads(updates[2][1])[0]["trial"] == "7"


@pytest.mark.parametrize("name", ["single", "all_failed", "hostile"])
def test_every_sweep_can_be_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, rows = _shown(getattr(made_sweeps, name)(), monkeypatch)
    assert text.count("](data:image/svg") == (1 if name == "all_failed" else 2)
    assert len(rows) == {"single": 1, "all_failed": 3, "hostile": 6}[name]
    outside = re.sub(r"```text.*?```", "", text, flags=re.DOTALL)
    assert re.findall(r"(?<!\\)[<`]", re.sub(r"`2026[^`]*`", "", outside)) == []
    assert "\x1b" not in text + "".join(value for row in rows for value in row.values())
