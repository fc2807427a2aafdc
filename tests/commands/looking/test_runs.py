"""evergreen runs: a line a run at 80 columns, and a word on how many more there are."""

import json

from judged_runs import FIRST, leave, write
from typer.testing import CliRunner, Result

from commands.main import app
from storage.runs import read_summary, write_summary
from storage.store import Store


def _runs(store: Store, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["runs", *arguments, "--store", str(store.root)], env={"COLUMNS": "80"})


def test_runs_are_listed_the_newest_first(store: Store) -> None:
    assert _runs(store).stdout == f"no run yet in {store.root}: evergreen retrain digits\n"
    leave(store, "20260101-000000-abcdef", FIRST)
    leave(store, "20260102-000000-abcdef", FIRST, split="validation")
    write(store, "20260103-000000-abcdef")
    lines = [" ".join(line.split()) for line in _runs(store).stdout.splitlines()]
    assert [line.split()[0] for line in lines[1:4]] == [f"2026010{day}-000000-abcdef" for day in (3, 2, 1)]
    assert [" ".join(line.split()[2:]) for line in lines[1:4]] == [
        "digits failed", "digits completed 50.0% v", "digits completed 50.0%",
    ]  # fmt: skip
    assert " ".join(lines[4:]) == "Accuracy is of test images; v: of validation images, on which the model was chosen."
    some = _runs(store, "digits", "--most", "1").stdout.splitlines()
    assert (len(some), some[-1]) == (3, "and 2 more: evergreen runs digits --most 3")
    assert max(len(line) for line in _runs(store).stdout.splitlines()) <= 80
    told = json.loads(_runs(store, "--json", "--most", "2").stdout)
    assert ([row["outcome"] for row in told["runs"]], told["more"]) == (["failed", "completed"], 1)
    assert _runs(store, "cats").exit_code == 2


def test_a_sweep_stands_among_them_with_its_trials(store: Store) -> None:
    run = write(store, "20260102-000000-abcdef")
    sweep = {"trials": {"trained": 5, "pruned": 1}, "planned": 6, "val_accuracy": 0.875, "validation": 40}
    summary = read_summary(store, run)
    assert summary
    write_summary(store, summary | {"outcome": "swept", "sweep": sweep, "error": ""})
    lines = [" ".join(line.split()) for line in _runs(store).stdout.splitlines()]
    assert lines[1] == f"{run} 2026-01-02 digits swept 6 trials 87.5% v"
