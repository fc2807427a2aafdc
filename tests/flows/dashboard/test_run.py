"""flows.dashboard.run: rows and words of a run's summary."""

from typing import Any

from flows.dashboard.run import _champion, _exports, _steps

COMPARISON: dict[str, Any] = {
    "standing": "rejected", "summary": "worse", "release": "a" * 64, "champion": None,
    "checks": [{"text": "accuracy", "passed": True}, {"text": "recall", "passed": False}],
    "classes": [{"label": "cat", "count": 9, "champion": 0.5, "challenger": 0.75, "gain": 0.25,
                 "gain_interval": [0.1, 0.4]}],
}  # fmt: skip


def test_a_verdict_shows_every_check_and_class() -> None:
    said = _champion(COMPARISON)
    assert said.startswith("# Rejected\nworse\n")
    assert "- champion now: `none`" in said
    assert "| accuracy | yes |\n| recall | **no** |" in said
    assert "| cat | 9 | 50.00% | 75.00% | +25.00 (+10.00 to +40.00) |" in said
    assert "| class |" not in _champion(COMPARISON | {"classes": []})


def test_an_export_has_a_row_for_each_runtime_and_one_where_none_ran() -> None:
    export = {"format": "tfjs", "released": True, "bytes": 9, "count": 4, "verified": "passed", "reason": "fine"}
    runtimes = [{"runtime": "Node", "verified": "passed"}, {"runtime": "Chromium", "verified": "failed"}]
    rows = _exports({"exports": [export | {"runtimes": runtimes}, export | {"format": "keras"}]})
    assert [(row["format"], row.get("runtime"), row["verified"]) for row in rows] == [
        ("tfjs", "Node", "passed"),
        ("tfjs", "Chromium", "failed"),
        ("keras", None, "passed"),
    ]


def test_digests_of_steps_are_short_and_inputs_are_named() -> None:
    step = {"name": "train", "state": "ran", "reason": "why", "seconds": 1.0, "output": "a" * 64,
            "inputs": {"split": "b" * 64}}  # fmt: skip
    (row,) = _steps({"steps": [step]})
    assert (row["step"], row["digest"], row["inputs"]) == ("train", "a" * 12, f"split {'b' * 12}")
    (row,) = _steps({"steps": [step | {"output": None, "inputs": {}}]})
    assert (row["digest"], row["inputs"]) == ("", "")
