"""flows.dashboard.run: rows and words of a run's summary."""

from typing import Any

from evergreen.recipe import load_recipe
from flows.dashboard.run import _champion, _exports, _report, _steps
from runs.run import Run
from storage.store import Store

COMPARISON: dict[str, Any] = {
    "standing": "rejected", "summary": "worse", "release": "a" * 64, "champion": None,
    "checks": [{"text": "accuracy", "passed": True}, {"text": "recall", "passed": False}],
    "classes": [{"label": "cat", "count": 9, "champion": 0.5, "challenger": 0.75, "gain": 0.25,
                 "gain_interval": [0.1, 0.4]}],
}  # fmt: skip


def test_a_verdict_shows_every_check_and_class_and_which_store_decided(store: Store) -> None:
    run = Run.new(store, load_recipe("digits"))
    said = _champion(run, COMPARISON)
    assert f"- decided by run `{run.id}` in store `{store.identity[:12]}` (" in said
    assert said.startswith("# Not promoted (rejected)\nworse\n")
    assert "- champion now: `none`" in said
    assert "| accuracy | yes |\n| recall | **no** |" in said
    assert "| cat | 9 | 50.00% | 75.00% | +25.00 (+10.00 to +40.00) |" in said
    assert "| class |" not in _champion(run, COMPARISON | {"classes": []})


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


def test_the_report_tells_views_and_warns_of_a_training_that_a_linear_probe_beats(store: Store) -> None:
    values = {"accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95, "loss": 0.5, "count": 18}
    summary: dict[str, Any] = {
        "steps": [], "metrics": {"test": values, "views": values | {"words": "test with views"}},
        "verdict": {"verdict": "good fit", "reasons": []}, "shortcuts": {"summary": "None."},
    }  # fmt: skip
    run = Run.new(store, load_recipe("digits"))
    told = _report(run, summary | {"baseline": {"standing": "worse", "words": "Linear probe: 95%"}})
    assert "| test with views | 90.00% (80.0% to 95.0%) | 0.5000 | 18 |" in told
    assert "\n**Caution.** Linear probe: 95%\n" in told
    better = _report(run, summary | {"baseline": {"standing": "better", "words": "Linear probe: 80%"}})
    assert "\nLinear probe: 80%\n" in better
    champion = _report(run, summary | {"comparison": COMPARISON | {"standing": "champion"}})
    assert champion.splitlines()[1] == "**Champion, good fit.**"
    assert told.splitlines()[1] == "**Not compared, good fit.**"
    assert "[curves](/artifacts/key/digits-curves) · [confusion](/artifacts/key/digits-confusion)" in told
    assert "probe:" not in _report(run, summary | {"baseline": {"why": "a cnn", "words": "No linear probe: a cnn."}})
