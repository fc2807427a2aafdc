"""runs.summaries.sweep: who won a sweep and how it goes on, in a few fields that docs/run-json.md explains."""

import json
import re
from pathlib import Path

import made_sweeps

from runs.summaries.sweep import sweep_of

PAGE = Path(__file__).parents[3] / "docs/run-json.md"


def test_a_sweep_in_few_fields() -> None:
    made = made_sweeps.grid()
    told = sweep_of(made)
    assert json.loads(json.dumps(told)) == told
    assert told["trials"] == {"failed": 1, "pruned": 1, "reused": 3, "trained": 5}
    assert (told["best"], told["values"]) == (7, made["trials"][7]["values"])
    assert (told["val_accuracy"], told["model"]) == (made["trials"][7]["val_accuracy"], f"{8:064x}")
    assert told["lead"] == {name: made["lead"][name] for name in ("over", "difference", "low", "high")}
    assert 0.02 < told["flattered_by"] < 0.05
    assert told["next"] == made["next"]
    assert told["words"].startswith(
        "trial 7 wins: validation accuracy 78.85% (backbone EfficientNetB0, magnitude 0.25)"
    )
    part = PAGE.read_text(encoding="utf-8").partition("\n## sweep\n")[2]
    assert set(told) <= set(re.findall(r"`([a-z_]+)`", part))


def test_a_sweep_without_a_winner_says_so() -> None:
    told = sweep_of(made_sweeps.all_failed())
    nothing = ("best", "values", "val_accuracy", "model", "lead", "flattered_by")
    assert {name: told[name] for name in nothing} == dict.fromkeys(nothing)
    assert told["words"] == "no trial ended well, so there is no winner"
