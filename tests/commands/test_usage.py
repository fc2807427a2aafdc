"""commands.usage: what wrong commands and recipes are answered with, word for word; and each line to type works."""

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
import yaml
from typer.testing import CliRunner

from commands.main import app
from evergreen.cluster import address_of
from evergreen.recipe import load_recipe
from evergreen.recipe_files import recipe_names
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep, sweep_names

GOLDEN = Path(__file__).parents[1] / "support" / "wrong_commands.txt"
AT_LEAST = 40
TRY = "    try: "
# Words of pydantic's, Typer's and Python's that nobody who types a command has to know.
FOREIGN = re.compile(
    r"Input should|valid (tuple|string|integer|number|dictionary)|instance of|NoneType|pattern '|Field required|"
    r"extra argument|No such|Missing (argument|option)|Invalid value|\bTrue\b|\bFalse\b|\bNone\b"
)


class Wrong(NamedTuple):
    """A command, the recipe file that it names, if it is one of its own, and the whole answer."""

    command: str
    recipe: str
    answer: str


def _read(text: str) -> list[Wrong]:
    """Return the cases of a text: lines of a recipe behind "| ", the command behind "$ ", then the answer."""
    cases = []
    for block in text.split("\n\n"):
        lines = block.rstrip("\n").split("\n")
        recipe = "".join(f"{line[2:]}\n" for line in lines if line.startswith("| "))
        at = next(index for index, line in enumerate(lines) if line.startswith("$ "))
        cases.append(Wrong(lines[at][2:], recipe, "\n".join(lines[at + 1 :])))
    return cases


CASES = _read(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a folder of photos, an archive, an image and a file that is none of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVERGREEN_STORE", raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "")
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos.zip").write_bytes(b"PK")
    (tmp_path / "cat.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "taken").write_text("")
    return tmp_path


def _answer(words: list[str], here: Path) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    told = done.output.replace(str(here), "HERE").replace(", ".join(recipe_names()), "RECIPES")
    told = told.replace(", ".join(sweep_names()), "SWEEPS")
    commands: Any = typer.main.get_command(app)
    return told.replace(", ".join(commands.commands), "COMMANDS").rstrip("\n")


@pytest.mark.parametrize("wrong", CASES, ids=[case.command for case in CASES])
def test_a_wrong_command_is_answered_in_our_words_with_lines_that_work(wrong: Wrong, here: Path) -> None:
    if wrong.recipe:
        (here / "wrong.yaml").write_text(wrong.recipe, encoding="utf-8")
    words = shlex.split(wrong.command)[1:]
    told = _answer(words, here)
    assert told == wrong.answer
    assert not FOREIGN.search(told)
    lines = [line.removeprefix(TRY) for line in told.split("\n") if line.startswith(TRY)]
    for line in lines:
        if line.startswith("evergreen "):
            _understood(shlex.split(line)[1:])
    if options := " ".join(line for line in lines if line.startswith("--")):
        _loads(words, options, told, here)


def _understood(words: list[str]) -> None:
    """Read a command as the command line does, and its recipe, without running it."""
    if words[-1] in ("--help", "--version"):
        assert CliRunner().invoke(app, words).exit_code == 0
        return
    commands: Any = typer.main.get_command(app)
    with commands.commands[words[0]].make_context(words[0], words[1:]) as context:
        given = context.params
    if words[0] == "sweep":
        _sweeps(given)
    elif "overrides" in given and "recipe" in given:
        load_recipe(given["recipe"], given["overrides"] or (), given.get("source"))


def _sweeps(given: dict[str, Any]) -> None:
    """Read what is swept, without running it."""
    names = ("method", "trials", "prune", "parallel", "seeds", "seed")
    options = {name: given[name] for name in names} | {"budget_minutes": given["budget"]}
    check(load_sweep(given["recipe"], given["over"] or (), given["overrides"] or (), given["source"] or (), options))
    address_of(given["on"])


def _loads(words: list[str], options: str, told: str, here: Path) -> None:
    """Load the recipe with the lines behind it, in place of every override; an unknown key of its file is taken out."""
    if (path := here / "wrong.yaml").exists():
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key in re.findall(r"^  ([\w.]+): unknown key", told, re.MULTILINE):
            *above, last = key.split(".")
            section = values
            for part in above:
                section = section[int(part) if part.isdigit() else part]
            del section[last]
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
    given = shlex.split(options)
    if words[0] == "sweep":  # a line replaces what was said of its option, and of its path
        names = [*given[::2], *(pair.partition("=")[0] for pair in given[1::2])]
        kept = [(name, value) for name, value in zip(words[2::2], words[3::2], strict=True)
                if name not in given[::2] or (name == "--over" and value.partition("=")[0] not in names)]  # fmt: skip
        refused = re.findall(r"^  ([\w.]+): (?:decides|belongs|unknown key)", told, re.MULTILINE)
        kept = [(name, value) for name, value in kept if value.partition("=")[0] not in refused]
        _understood([*words[:2], *(word for pair in kept for word in pair), *given])
        return
    pairs = list(zip(given[::2], given[1::2], strict=True))
    overrides = [value for option, value in pairs if option == "--set"]
    source = next((value for option, value in pairs if option == "--source"), None)
    assert load_recipe(words[1], overrides, source)


def test_there_are_many_of_them() -> None:
    assert len(CASES) >= AT_LEAST
    assert sum(TRY in case.answer for case in CASES) >= AT_LEAST


def test_a_secret_is_in_no_answer(here: Path) -> None:
    for command in (
        "retrain digits --set source=https://me:hunter2@example.org/a.zip",
        "retrain digits --set 'source: https://me:hunter2@example.org/a.zip'",
        "retrain digits --set url=https://me:hunter2@example.org/a.zip",
        "retrain digits https://me:hunter2@example.org/a.zip",
        "retrain digits --data https://me:hunter2@example.org/a.zip",
        "plan https://me:hunter2@example.org/a.zip",
        "https://me:hunter2@example.org/a.zip",
        "retrain digits --set track.mlflow=https://me:hunter2@example.org",
        "retrain digits --set title.x=https://me:hunter2@example.org",
    ):
        assert "hunter2" not in _answer(shlex.split(command), here), command
