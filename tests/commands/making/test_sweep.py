"""evergreen sweep: the plan, what is answered without starting anything, and the winner's retraining."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_sweeps
import pytest
import typer
from swept import leave_sweep
from typer.testing import CliRunner, Result

from commands.main import app
from commands.making import sweep as command
from evergreen.recipe_files import RECIPES
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from runs.sweeps import threads
from storage.runs import read_summary, run_folder, write_summary
from storage.store import Store

DROPOUT = "train.head.dropout"
Ran = list[tuple[str, tuple[Any, ...], dict[str, Any]]]
OVER = ("digits", "--over", f"{DROPOUT}=[0,0.2]")


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "")
    monkeypatch.setenv("HOME", str(tmp_path))


def told(store: Store, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["sweep", *arguments, "--store", str(store.root)])
    assert done.exit_code == code, done.output
    return done


def left(store: Store) -> dict[str, Any]:
    return leave_sweep(store, check(load_sweep("digits", [f"{DROPOUT}=[0,0.2]"])), (0.5, 0.75))


@pytest.fixture
def whole(store: Store, tmp_path: Path, png: Callable[..., bytes]) -> tuple[list[str], dict[str, Any]]:
    """Leave a sweep of some photos; return what asks for it again, and what it came to."""
    for label, grey in (("dark", 0), ("bright", 190)):
        for seed in range(30):
            path = tmp_path / "photos" / label / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(seed + grey, (9, 7), (grey, grey, grey)))
    asked, source = [f"{DROPOUT}=[0,0.2]"], str(tmp_path / "photos")
    classes = "repair.classes=[dark, bright]"
    last = leave_sweep(store, check(load_sweep("digits", asked, [classes], [source])), (0.5, 0.75), whole=True)
    return [*OVER, "--set", classes, "--source", source], last


def test_a_plan_says_how_much_there_is_to_do_and_starts_nothing(store: Store) -> None:
    words = "2 trials: 0 known; 2 trainings to do. How long is not known: no training of digits ran in this store"
    assert told(store, *OVER, "--plan").stdout == f"{words}\n"
    left(store)
    before = sorted(path for path in store.root.rglob("*") if path.is_file())
    plan = json.loads(told(store, "digits", "--over", f"{DROPOUT}=[0,0.2,0.4]", "--plan", "--json").stdout)
    assert (plan["trials"], plan["known"], plan["to_train"], plan["seeds"]) == (3, 2, 1, 1)
    assert plan["estimate"].startswith("3 trials: 2 known; 1 training to do. ")
    assert sorted(path for path in store.root.rglob("*") if path.is_file()) == before


def test_a_plan_says_what_should_be_known_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "processors", lambda: 4)
    done = told(store, "digits", "--over", f"{DROPOUT}=[0.2]", "--parallel", "2", "--plan")
    assert done.stderr.splitlines() == [
        "digits is the recipe, since --over says what is tried; the sweep of that name is "
        f"{RECIPES / 'sweeps' / 'digits.yaml'}",
        f"{DROPOUT}: one value alone, 0.2: the same for all trials",
        "2 trials at once on 4 processors: train.threads=2 for each, which is part of what a training is; the line "
        "that retrains the winner names it",
    ]
    assert told(store, *OVER, "--plan", "--on", "tcp://scheduler:8786", code=2).stdout == ""


_SCRIPT = """
import json, sys
from commands.main import app
try:
    app(["sweep", *sys.argv[1:]])
except SystemExit as end:
    code = end.code
names = {"tensorflow", "keras", "prefect", "optuna", "scipy", "sklearn", "distributed"}
print(json.dumps([code, sorted(names & set(sys.modules))]), file=sys.stderr)
"""


def test_what_was_asked_before_is_answered_and_starts_nothing(
    store: Store, whole: tuple[list[str], dict[str, Any]], flows: Callable[..., Ran]
) -> None:
    asked, last = whole
    command = [sys.executable, "-c", _SCRIPT, *asked, "--store", str(store.root), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment(store))
    assert json.loads(done.stderr.splitlines()[-1]) == [0, []]
    summary = json.loads(done.stdout)
    assert (summary["outcome"], summary["sweep"]["trials"], summary["sweep"]["best"]) == ("swept", {"reused": 2}, 1)
    folder = run_folder(store, summary["id"])
    found = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert (found["id"], found["best"], found["lead"]) == (summary["id"], last["best"], last["lead"])
    assert summary["id"].encode() in (folder / "sweep.html").read_bytes()
    assert read_summary(store, summary["id"]) == summary
    assert {step["state"] for step in summary["steps"]} == {"reused"}

    lines = told(store, *asked).stdout.splitlines()
    assert lines[1].split() == ["1", "0.2", "reused", "12", "75.0%", "best"]
    (line,) = [line for line in lines if line.startswith("next ")]
    assert line == f"next       {found['next']}"
    page = Path(next(line for line in lines if line.startswith("page ")).split(maxsplit=1)[1])
    assert page.name == "sweep.html"
    assert page.is_file()

    ran = flows(made([0, 0.2]))
    told(store, *asked, "--then", "retrain", "--json", code=7)
    line = f"retrain digits --set repair.classes=[dark, bright] --set {DROPOUT}=0.2 --source {asked[-1]}"
    assert [(name, " ".join(words)) for name, words, _ in ran] == [
        ("become", f"{line} --store {store.root} --json"),
    ]  # fmt: skip


def _environment(store: Store) -> dict[str, str]:
    names = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return names | {"HOME": str(store.root.parent)}


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch, store: Store) -> Callable[..., Ran]:
    """Stand in for the flows: the sweep's finds what is made up here, with an exit code of its own."""

    def put(found: dict[str, Any], code: int = 0) -> Ran:
        ran: Ran = []

        def run(
            name: str, arguments: tuple[Any, ...], options: dict[str, Any], root: Path, verbose: bool
        ) -> tuple[dict[str, Any], int]:
            ran.append((name, arguments, options))
            summary = {"id": f"a-{name}", "recipe": "digits", "outcome": name, "steps": []}
            if name == "sweep":
                best = next((one for one in found["trials"] if one["number"] == found["best"]), None)
                summary["sweep"] = {"best": found["best"], "values": best["values"] if best else None}  # type: ignore[assignment]
            folder = run_folder(store, summary["id"])
            folder.mkdir(parents=True)
            (folder / "sweep.json").write_text(json.dumps(found), encoding="utf-8")
            write_summary(store, summary)
            return summary, code

        def become(program: str, words: list[str]) -> None:
            assert words[:2] == [program, sys.argv[0]]
            ran.append(("become", tuple(words[2:]), {}))
            raise typer.Exit(7)  # of the command that this process became

        monkeypatch.setattr(command, "run_flow", run)
        monkeypatch.setattr(command.os, "execv", become)
        return ran

    return put


def made(values: list[Any]) -> dict[str, Any]:
    trials = [made_sweeps.trial(number, {DROPOUT: value}, 0.5 + number / 10) for number, value in enumerate(values)]
    return made_sweeps.sweep(trials, {DROPOUT: {"choices": values}})


def test_what_is_not_known_is_run_with_all_that_was_asked(store: Store, flows: Callable[..., Ran]) -> None:
    ran = flows(made([0, 0.2]))
    summary = json.loads(
        told(
            store, *OVER, "--set", "train.phases.0.epochs=3", "--name", "mine", "--parallel", "2", "--seeds", "1,2",
            "--search-seed", "9", "--budget-minutes", "5", "--on", "dask", "--json",
        ).stdout
    )  # fmt: skip
    ((name, (called, sweep, sources), options),) = ran
    assert (name, called, sources, options) == ("sweep", "digits", [], {"on": "dask"})
    assert load_sweep("digits", [f"{DROPOUT}=[0,0.2]"]).model_validate(sweep).over == {DROPOUT: (0, 0.2)}
    assert sweep["set"] == ["train.phases.0.epochs=3", 'name="mine"']
    assert (sweep["parallel"], sweep["seeds"], sweep["seed"], sweep["budget_minutes"]) == (2, [1, 2], 9, 5)
    assert summary["id"] == "a-sweep"


def test_then_retrain_is_given_the_winner_as_its_line_to_type_has_it(
    store: Store, flows: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "processors", lambda: 4)
    source = tmp_path / "photos"
    source.mkdir()
    ran = flows(made([0, 0.2]))
    options = ("--set", "train.phases.0.epochs=3", "--parallel", "2", "--source", str(source))
    done = told(store, *OVER, *options, "--then", "retrain", "--json", code=7)
    assert [name for name, _, _ in ran] == ["sweep", "become"]
    sets = ("--set", "train.phases.0.epochs=3", "--set", f"{DROPOUT}=0.2", "--set", "train.threads=2")
    told_of = ("--source", str(source), "--store", str(store.root), "--json")
    assert ran[1][1] == ("retrain", "digits", *sets, *told_of)
    assert (done.stdout, "run.json" in done.stderr) == ("", True), "what it becomes prints one JSON document"
    monkeypatch.setattr(command, "is_quiet", lambda: True)
    with pytest.raises(typer.Exit):
        command._become(["retrain", "digits"])
    assert ran[-1][1] == ("--quiet", "retrain", "digits")


@pytest.mark.parametrize(("found", "code"), [("all failed", 0), ("stopped", 143), ("stopped", 1)])
def test_without_a_winner_or_an_end_nothing_is_retrained(
    found: str, code: int, store: Store, flows: Callable[..., Ran]
) -> None:
    ran = flows(made_sweeps.all_failed() if found == "all failed" else made([0, 0.2]), code)
    told(store, *OVER, "--then", "retrain", code=code)
    assert [name for name, _, _ in ran] == ["sweep"]
