"""commands.trials: a sweep's trials in a terminal: in place where it can, else a line each; and at the end."""

import io
from typing import Any

import made_sweeps
from made_sweeps import BACKBONE, MAGNITUDE, trial
from rich.console import Console

from commands.trials import Trials, show_sweep


def console(terminal: bool = False, height: int = 25) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=terminal, width=120, height=height, legacy_windows=False,
        _environ={"TERM": "xterm"} if terminal else {},
    )  # fmt: skip


def told(where: Console) -> str:
    assert isinstance(where.file, io.StringIO)
    return where.file.getvalue()


def going_on(*states: str) -> dict[str, Any]:
    values = [{BACKBONE: "MobileNetV2", MAGNITUDE: 0.05 * number} for number in range(len(states))]
    trials = [trial(n, values[n], 0.5, state=state, epochs=3, why="why it ended" * (state in ("pruned", "failed")))
              for n, state in enumerate(states)]  # fmt: skip
    for one in trials:
        if one["state"] not in ("trained", "reused"):
            one["val_accuracy"] = None
    return made_sweeps.grid() | {"trials": trials, "planned": len(states), "best": 0, "parallel": 1}


def test_what_ends_is_told_in_a_line_of_its_own_once() -> None:
    where = console()
    shown = Trials(where)
    shown.show(going_on("running", "waiting", "waiting", "waiting"))
    assert told(where) == ""
    shown.show(going_on("trained", "failed", "pruned", "running"))
    shown.show(going_on("trained", "failed", "pruned", "reused"))
    shown.end()
    assert told(where).splitlines() == [
        "  1 of 4  trial 0  backbone MobileNetV2  magnitude 0  trained  validation accuracy 50.0%",
        "  2 of 4  trial 1  backbone MobileNetV2  magnitude 0.05  failed why it ended",
        "  3 of 4  trial 2  backbone MobileNetV2  magnitude 0.1  pruned why it ended",
        "  4 of 4  trial 3  backbone MobileNetV2  magnitude 0.15  reused  validation accuracy 50.0%",
    ]


def test_a_terminal_shows_how_they_stand_in_place_and_nothing_of_it_stays() -> None:
    where = console(terminal=True)
    shown = Trials(where)
    shown.show(going_on("trained", "running", "waiting"))
    text = told(where)
    assert "1 of 3 trials have ended, about 0.3 minutes left" in text, "two more of 7.8 s each"
    rows = [line.split() for line in text.splitlines() if "MobileNetV2" in line]
    assert [row[0].removeprefix("\x1b[0m") for row in rows] == ["0", "1", "2"]
    assert rows[0][-1].endswith("best\x1b[0m")
    assert "%" in text.splitlines()[2], "one that runs has its last epoch's accuracy"
    shown.end()
    assert "\x1b[2K" in told(where)[len(text) :], "what stood there is wiped out"
    shown.end()


def test_the_pace_is_of_those_that_were_trained_now_and_shared_by_those_that_run_at_once() -> None:
    where = console(terminal=True)
    Trials(where).show(going_on("reused", "running", "waiting") | {"trials": _reused()})
    assert "1 of 3 trials have ended\x1b" in told(where), "a reused one took no time"
    where = console(terminal=True)
    Trials(where).show(going_on("trained", *["waiting"] * 40) | {"parallel": 4})
    assert "about 1.3 minutes left" in told(where)
    where = console(terminal=True)
    Trials(where).show(going_on("trained", "trained"))
    assert "2 of 2 trials have ended\x1b" in told(where), "no time is left"


def _reused() -> list[dict[str, Any]]:
    trials: list[dict[str, Any]] = going_on("reused", "running", "waiting")["trials"]
    trials[0]["seconds"] = 0.0
    return trials


def test_of_many_the_newest_are_shown_and_as_many_that_wait_as_there_is_room_for() -> None:
    where = console(terminal=True, height=10)
    Trials(where).show(going_on(*["trained"] * 20, "running", *["waiting"] * 20))
    numbers = [line.split()[0].removeprefix("\x1b[0m") for line in told(where).splitlines() if "MobileNetV2" in line]
    assert numbers == ["16", "17", "18", "19", "20"]
    where = console(terminal=True, height=10)
    Trials(where).show(going_on("trained", "running", *["waiting"] * 20))
    numbers = [line.split()[0].removeprefix("\x1b[0m") for line in told(where).splitlines() if "MobileNetV2" in line]
    assert numbers == ["0", "1", "2", "3", "4"]


def test_in_the_end_the_best_stand_first_with_what_is_to_be_said_of_them() -> None:
    where, found = console(), made_sweeps.grid()
    show_sweep(where, found)
    lines = told(where).splitlines()
    numbers = [int(line.split()[0]) for line in lines[1:11]]
    assert numbers[0] == found["best"] == 7
    assert set(numbers[-2:]) == {4, 9}, "what did not end well stands last"
    assert lines[1].split()[-1] == "best"
    assert "trial 9 failed: TrainingDiverged: the loss became nan (validation nan) in epoch 2" in lines
    assert "trial 4 pruned: below half of the others" in lines
    for title, words in (
        ("lead", found["lead"]["words"]), ("caution", found["optimism"]), ("next", found["next"]),
        ("matters", "train.backbone"),
    ):  # fmt: skip
        assert any(line.startswith(f"{title:<10} {words}") for line in lines), title
    assert not any(line.startswith("ended ") for line in lines)


def test_a_sweep_that_came_to_nothing_is_shown_too() -> None:
    where = console()
    show_sweep(where, made_sweeps.all_failed() | {"outcome": "stopped"})
    lines = told(where).splitlines()
    assert sum("TrainingDiverged" in line for line in lines) == 3
    assert "ended      stopped" in lines
    assert not any(line.startswith(("lead", "next", "matters", "caution")) for line in lines)


def test_a_stranger_s_text_moves_no_cursor_and_has_no_colour() -> None:
    for terminal in (False, True):
        where = console(terminal)
        Trials(where).show(made_sweeps.hostile())
        assert "\x1b[2J" not in told(where)
    where = console()
    show_sweep(where, made_sweeps.hostile())
    assert "\x1b" not in told(where)
    assert r"\x1b[2J" in told(where)
    marked = made_sweeps.grid()
    marked["trials"][4]["why"] = "[red]no[/red]"
    show_sweep(where, marked)
    assert "[red]no[/red]" in told(where)
