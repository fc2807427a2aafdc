"""evergreen.decisions.decision: what of decisions decides a step's output."""

from pathlib import Path

from evergreen.decisions.decision import NOTHING_DECIDED, Decision, Decisions

ONE, OTHER = "1" * 64, "a" * 64


def test_a_key_counts_them_and_knows_nothing_of_who_when_and_where() -> None:
    made = {ONE: Decision("relabel", "glass", "paper"), OTHER: Decision("keep", was="paper")}
    told = Decisions(made).as_choices()
    assert {name: value for name, value in told.items() if name != "sha256"} == {"kept": 1, "relabelled": 1}
    elsewhere = made | {ONE: Decision("relabel", "glass", "paper", "paper/1.jpg", "Anna", "2026-11-30T12:00:00Z")}
    assert Decisions(dict(reversed(elsewhere.items())), Path("x")).as_choices() == told
    for other in (Decision("relabel", "metal", "paper"), Decision("leave out"), Decision("relabel", "glass", "metal")):
        assert Decisions(made | {ONE: other}).as_choices()["sha256"] != told["sha256"]
    assert NOTHING_DECIDED.as_choices() == {}
    assert Decisions(made, Path("a")) == Decisions(made, Path("b"))
    assert made[ONE].words == "relabel: glass"
