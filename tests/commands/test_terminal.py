"""commands.terminal: what a log file is told of a training, without every quick epoch, and where a run's files are."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from commands import terminal
from evergreen.recipe import load_recipe
from evergreen.reports.labels import labels_of
from evergreen.vision.training.fit import EpochReport
from runs.run import Entry, Run
from storage.store import Store


def test_a_log_has_slow_epochs_all_and_quick_ones_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: clock)
    out = io.StringIO()
    progress = terminal.Progress(Console(file=out, width=40))
    metrics = {"loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7, "learning_rate": 0.001}
    for epoch in range(1, 31):
        clock += 1 if epoch <= 20 else 60  # seconds
        progress.epoch(EpochReport(2, 2, epoch, 30, metrics, 12.0))
    lines = out.getvalue().splitlines()
    shown = [int(line.split("epoch")[1].split("/")[0]) for line in lines]
    assert shown == [1, 11, *range(21, 31)]
    assert lines[0] == "  phase 2/2  epoch   1/30  loss 0.5000  accuracy 0.8000  validation 0.7000    12 s left"


COMPARED: dict[str, Any] = {"standing": "champion", "summary": "the [first]", "champion": "a" * 64}


@pytest.mark.parametrize(
    ("fit", "changes", "said"),
    [
        ("good fit", {}, "\x1b[32mchampion\x1b[0m"),
        ("overfit", {}, "\x1b[33mchampion, overfit\x1b[0m"),
        ("underfit", {"standing": "rejected"}, "\x1b[31mnot promoted (rejected)\x1b[0m"),
        ("good fit", {"standing": "rejected", "champion": None}, "none: predict and web answer with the newest model"),
    ],
)
def test_a_bad_model_is_never_green(fit: str, changes: dict[str, Any], said: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=True, color_system="standard")
    terminal.show_comparison(console, COMPARED | changes, fit)
    assert said in out.getvalue()
    assert ("\x1b[32m" in out.getvalue()) == (said == "\x1b[32mchampion\x1b[0m")


def test_what_to_try_and_what_probabilities_are_worth_are_said(tmp_path: Path) -> None:
    summary: dict[str, Any] = {"steps": [], "metrics": {}, "exports": [], "comparison": None, "decision": None}
    tries = [{"why": "erase", "sets": ["augment.erasing={}", "seed=1"]}]
    summary |= {"verdict": {"verdict": "overfit", "reasons": ["It is."], "to_try": tries}}
    summary |= {"calibration": {"words": {"unsure": "That leaves 3 of 4 [75 %]."}}}
    out = io.StringIO()
    terminal.show_run(Console(file=out, width=200), summary, tmp_path)
    assert "\ntry        --set 'augment.erasing={}' --set seed=1  (erase)\n" in out.getvalue()
    assert "\nThat leaves 3 of 4 [75 %].\n" in out.getvalue()


def test_what_the_model_leans_on_is_said(tmp_path: Path) -> None:
    summary: dict[str, Any] = {"steps": [], "metrics": {}, "exports": [], "comparison": None, "decision": None}
    out = io.StringIO()
    leaning = {"leans_on": ["colour"], "summary": "The model leans on colour."}
    terminal.show_run(Console(file=out), summary | {"shortcuts": leaning}, tmp_path)
    assert "The model leans on colour.\n" in out.getvalue()


@pytest.mark.parametrize("written", [["run.json"], ["exports", "report.html", "run.json"]])
def test_only_what_a_run_wrote_is_pointed_to(tmp_path: Path, written: list[str]) -> None:
    for name in written:
        (tmp_path / name).touch()
    summary: dict[str, Any] = {"steps": [], "metrics": {}, "exports": [], "comparison": None, "decision": None}
    out = io.StringIO()
    terminal.show_run(Console(file=out, width=40), summary, tmp_path)
    everything = ("exports", "report.html", "run.json")
    assert [name for name in everything if str(tmp_path / name) in out.getvalue()] == written


def test_the_sizes_of_a_download_and_of_exports_are_told_however_small(tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out)
    terminal.Progress(console).download("a.zip", 700, 700)
    export = {"format": "tfjs", "verified": "passed", "released": True, "agreement": 1.0, "reason": "", "bytes": 300}
    summary: dict[str, Any] = {"steps": [], "metrics": {}, "comparison": None, "decision": None}
    terminal.show_run(console, summary | {"exports": [export]}, tmp_path)
    assert "a.zip  700 bytes of 700 bytes\n" in out.getvalue()
    assert "agreement 100.00%  300 bytes\n" in out.getvalue()


def test_notes_and_the_other_way_to_split_are_told(tmp_path: Path) -> None:
    summary: dict[str, Any] = {"steps": [], "metrics": {}, "exports": [], "comparison": None, "decision": None}
    told = {"notes": ["2 groups [of folders] on several sides"], "grouping": {"words": "together 71%, mixed 94%"}}
    out = io.StringIO()
    terminal.show_run(Console(file=out, width=20), summary | told, tmp_path)
    assert "together 71%, mixed 94%\n" in out.getvalue()
    assert "note       2 groups [of folders] on several sides\n" in out.getvalue()
    out = io.StringIO()
    terminal.show_inspection(Console(file=out, width=20), {"renames": [], "notes": told["notes"]}, tmp_path)
    assert "note       2 groups [of folders] on several sides\n" in out.getvalue()


def test_a_reason_is_one_line_of_the_table_and_one_that_was_said_is_not_said_again() -> None:
    step = {"name": "repair", "state": "stopped", "reason": "why?\n  a/[b]\x1b[2J\n  c", "seconds": 0, "output": None}
    out = io.StringIO()
    terminal.show_steps(Console(file=out, width=80), [step, step | {"name": "screen", "state": "failed"}])
    rows = [" ".join(line.split()) for line in out.getvalue().splitlines()[1:]]
    assert rows == ["repair stopped why? ...", "screen failed as said above"]


def test_a_planned_step_shows_how_long_it_may_take() -> None:
    step = {"name": "train", "state": "would run", "reason": "first run", "seconds": 0, "output": None}
    out = io.StringIO()
    steps = [step | {"estimate": 61.04}, step | {"estimate": None}, step | {"state": "reused", "estimate": 0.0}]
    terminal.show_steps(Console(file=out, width=80), steps)
    assert [line.split()[-2:] for line in out.getvalue().splitlines()[1:]] == [
        ["about", "61.0"], ["first", "run"], ["first", "run"],
    ]  # fmt: skip


def test_a_stop_is_told_once_and_at_once(store: Store) -> None:
    out = io.StringIO()
    progress = terminal.Progress(Console(file=out, width=20))
    run = Run.new(store, load_recipe("digits"))
    progress.started(run)
    entry = Entry("split", "stopped", "by SIGINT")
    run.journal.add(entry)
    progress.ended(entry)
    told = "stopped by SIGINT in split; the steps before it are kept, the same command goes on from there\n"
    assert out.getvalue() == told
    progress.stopped(KeyboardInterrupt())
    assert out.getvalue() == told


def test_a_note_of_many_lines_keeps_them_and_is_no_markup() -> None:
    out = io.StringIO()
    terminal.Progress(Console(file=out, width=20)).note("which of [red]these\n  photos/[1]/\x1b[2J")
    assert out.getvalue() == "  which of [red]these\n    photos/[1]/\\x1b[2J\n"


def test_an_inspection_that_the_split_refuses_says_so_and_where_its_page_is(tmp_path: Path) -> None:
    (tmp_path / "inspection.html").touch()
    labels = {"counted": "screen", **labels_of([], [], [])}
    summary = {"classes": {"rare": {"images": 1}}, "labels": labels, "findings": {"quarantined": 3}}
    out = io.StringIO()
    terminal.show_inspection(
        Console(file=out, width=40), summary | {"refused": "rare has 1: [red]leave it out"}, tmp_path
    )
    told = out.getvalue()
    assert "rare        1  \n" in told
    assert "        3  quarantined\n" in told
    assert "\nthe split will refuse this: rare has 1: [red]leave it out\n" in told
    assert f"page     {tmp_path / 'inspection.html'}\n" in told
    assert "run.json" not in told.rpartition("page")[2]


@pytest.mark.parametrize(("standing", "coloured"), [("worse", True), ("better", False)])
def test_views_and_the_baseline_are_told(tmp_path: Path, standing: str, coloured: bool) -> None:
    values = {"accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95, "loss": 0.5, "count": 18}
    summary: dict[str, Any] = {"steps": [], "exports": [], "comparison": None, "decision": None}
    summary["metrics"] = {"test": values, "views": values | {"words": "not what is exported"}}
    summary["baseline"] = {"standing": standing, "words": "Linear probe [frozen]: 88.4%"}
    out = io.StringIO()
    terminal.show_run(Console(file=out, width=20, force_terminal=True, color_system="standard"), summary, tmp_path)
    assert (
        "views      accuracy 90.00% (80.0% to 95.0%)  loss 0.5000  18 images: not what is exported\n" in out.getvalue()
    )
    assert ("\x1b[33mbaseline   Linear probe [frozen]: 88.4%" in out.getvalue()) == coloured
    assert "baseline   Linear probe [frozen]: 88.4%" in out.getvalue()
    out = io.StringIO()
    none = {"why": "a cnn", "words": "No linear probe to compare with: a cnn."}
    terminal.show_run(Console(file=out), summary | {"baseline": none}, tmp_path)
    assert "baseline" not in out.getvalue()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"comparison": {"standing": "rejected"}, "metrics": {"test": {"accuracy": 0.5}}},
            "completed, rejected, test accuracy 50.0%",
        ),
        ({"outcome": "failed"}, "failed"),
    ],
    ids=["ended well", "failed"],
)
def test_quiet_is_one_line(more: dict[str, Any], words: str, tmp_path: Path) -> None:
    out = io.StringIO()
    summary = {"id": "1", "recipe": "digits", "outcome": "completed", "steps": []} | more
    terminal.show_last(Console(file=out, width=20), summary, tmp_path)
    assert out.getvalue() == f"digits: {words}: {tmp_path}\n"


def test_why_the_first_step_runs_is_not_said_again_with_all_that_wait_for_it() -> None:
    cause = "known once acquire has run (source.local.path: /a -> /b)"
    rows = [
        {"name": name, "state": "unknown", "reason": cause, "output": None} for name in ("unpack", "repair", "split")
    ]
    out = io.StringIO()
    terminal.show_steps(Console(file=out, width=200), [*rows, rows[0] | {"reason": "known once split has run (code)"}])
    told = [" ".join(line.split()[2:]) for line in out.getvalue().splitlines()[1:]]
    again = "known once acquire has run"
    assert told == [cause, again, again, "known once split has run (code)"]
