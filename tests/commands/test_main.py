"""evergreen itself: its version, its help, where one stands, and that none of it starts anything heavy."""

import json
import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from rich.text import Text
from typer.main import get_command
from typer.testing import CliRunner

from commands.main import app
from commands.options import CARE, LOOK, MAKE, USE
from storage.store import Store

GROUP: Any = get_command(app)
COMMANDS: dict[str, Any] = GROUP.commands
_SCRIPT = (
    "import sys, json\nfrom commands.main import app\n"
    "try: app({arguments})\nexcept SystemExit as end: code = end.code\n"
    "loaded = sorted({{'tensorflow', 'keras', 'prefect', 'numpy'}} & set(sys.modules))\n"
    "print(json.dumps([code, loaded]), file=sys.stderr)\n"
)


def _run(arguments: list[str], **environment: str) -> tuple[str, Any]:
    """Return what a command printed; its exit code, and what of the heavy libraries it imported."""
    command = [sys.executable, "-c", _SCRIPT.format(arguments=arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    return done.stdout, json.loads(done.stderr)


def test_it_tells_the_installed_version_whatever_the_environment_holds() -> None:
    said, ended = _run(["--version"], EVERGREEN_CACHE_GIB="lots")  # it is told before anything is checked
    assert (said, ended) == (f"evergreen {version('evergreen-retrain')}\n", [0, []])


def test_alone_it_says_where_one_stands_and_starts_nothing(store: Store) -> None:
    said, ended = _run([], EVERGREEN_STORE=str(store.root))
    assert ended == [0, []]
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0].startswith("recipes chessman")
    assert lines[1:4] == [f"store {store.root}", "newest run none yet", "champions none yet"]
    assert lines[5].startswith("next step evergreen retrain digits ")
    assert not store.root.exists()


def test_help_has_its_groups_in_order() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    places = [said.index(f"─ {panel} ─") for panel in (MAKE, LOOK, USE, CARE)]
    assert places == sorted(places)
    assert "─ Commands ─" not in said  # nobody stands outside of them


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_shows_a_type_only_where_a_value_is_typed(name: str) -> None:
    command = COMMANDS[name] if name else GROUP
    said = CliRunner().invoke(app, [*([name] if name else []), "--help"], env={"COLUMNS": "200"}).stdout
    rows = {line.split()[1].rstrip(","): line for line in said.splitlines() if line.startswith("│ ")}
    flags = [one.opts[0] for one in command.params if getattr(one, "is_flag", False)]
    assert {"--help", *flags} <= set(rows)
    for word, line in rows.items():
        assert "<bool>" not in line and "list[" not in line, word
    usage = next(line for line in said.splitlines() if "Usage:" in line)
    assert "{" not in usage and "[[" not in usage


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_group_and_an_example_that_it_understands(name: str) -> None:
    command = COMMANDS[name]
    assert command.rich_help_panel in (MAKE, LOOK, USE, CARE)
    word, evergreen, *line = shlex.split(command.epilog)
    assert (word, evergreen, line[0]) == ("Example:", "evergreen", name)
    context = command.make_context(name, [part for part in line[1:] if part != ">"][: None if ">" not in line else -1])
    assert context.command is command


def test_what_a_command_is_given_is_called_the_same_everywhere() -> None:
    arguments = [one for command in COMMANDS.values() for one in command.params if one.param_type_name == "argument"]
    assert {one.metavar for one in arguments} == {"NAME", "RECIPE", "RUN", "STEP", "REF", "PATH", "WHAT"}
    repeated = {one.help for command in COMMANDS.values() for one in command.params if "--set" in one.opts}
    assert [text.endswith("; repeatable.") for text in repeated] == [True]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_loses_nothing_that_stands_in_brackets(name: str) -> None:
    texts = [text for one in COMMANDS[name].params if (text := getattr(one, "help", None))]
    assert [Text.from_markup(text).plain for text in texts] == [text.replace("\\[", "[") for text in texts]


def test_a_wrong_variable_is_warned_of_unless_it_shall_be_quiet(store: Store) -> None:
    environment = {"EVERGREEN_STOREY": "x", "EVERGREEN_STORE": str(store.root)}
    assert "EVERGREEN_STOREY is no variable" in CliRunner().invoke(app, ["runs"], env=environment).stderr
    quiet = CliRunner().invoke(app, ["--quiet", "runs"], env=environment)
    assert (quiet.stderr, quiet.exit_code) == ("", 0)
