"""flows.dashboard.cure: a row a change, and nothing of a run that cures nothing."""

from typing import Any

from flows.dashboard.cure import cure_in_markdown


def test_a_row_a_change_before_and_after() -> None:
    lost = {"lost": 0.276, "lost_low": 0.2, "lost_high": 0.351}
    lost |= {"accuracy": 0.65, "accuracy_low": 0.6, "accuracy_high": 0.7}
    gained = {"gained": 0.25, "gained_low": 0.2, "gained_high": 0.3}
    nothing = dict.fromkeys(gained)
    cure: dict[str, Any] = {
        "run": "20260101-000001-abcdef", "options": "--set augment.noise=40", "words": "Better.",
        "changes": [{"name": "noise", "before": lost, "after": lost, **gained},
                    {"name": "a|b", "before": None, "after": lost, **nothing}],
    }  # fmt: skip
    told = "\n".join(cure_in_markdown(cure))
    assert "run `20260101-000001-abcdef` leans on: `--set augment.noise=40`" in told
    points, right = "27.6 (20.0 to 35.1)", "65.0 (60.0 to 70.0)"
    assert f"| noise | {points} | {points} | {right} | {right} | 25.0 (20.0 to 30.0) |" in told
    assert f"| a\\|b | not measured | {points} | not measured | {right} | not measured |" in told
    assert "Better." in told
    short = "\n".join(cure_in_markdown({"run": "r", "options": "--set augment.noise=40"}))
    assert "| noise" not in short
    assert cure_in_markdown(None) == []
