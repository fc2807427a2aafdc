"""What is said of a command that cannot be understood: in our own words, with the line to type, which was parsed."""

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from commands.retyping import Retyping, Words, option_of
from evergreen.addresses import redacted
from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from evergreen.sections.refusing.told import TRY
from evergreen.sources.archives.names import visible_lines
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep

# Every mistake of usage is one of these; where Typer keeps the class depends on its version.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

_NAME, _WRONG = "evergreen", 2
_OURS = ("commands", "evergreen", "flows", "runs", "storage", "tasks")


def _not_here(missing: str) -> str:
    """Return what to do where a library is not installed, as in the environment of a service alone."""
    return (
        f"expected {missing}, which is not in this environment ({sys.prefix}): one made from requirements-serve.lock "
        "has what evergreen serve needs and no more; run it where make setup was run, or: python -m pip install -r "
        "requirements.lock"
    )


class Usage(TyperGroup):
    """The group of all commands, which tells mistakes of usage itself: exit code 2, as Typer's own."""

    def make_context(self, info_name: str | None, args: Words, parent: Any = None, **extra: Any) -> Any:
        """Read what stands before the command."""
        self._typed = list(args)
        for command in (self, *self.commands.values()):
            _name_plainly(command)
        with self._telling():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read what stands behind the command, and run it."""
        with self._telling():
            return super().invoke(ctx)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except _UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                raise
            mistake = Mistake(self, self._typed, error)
            typer.secho(visible_lines(mistake.told()), err=True, fg=typer.colors.RED)
            if line := mistake.line():
                typer.secho(visible_lines(f"{TRY}{line}"), err=True)
            typer.secho(f"Every option: {mistake.whole_command} --help", err=True)
            raise typer.Exit(_WRONG) from None
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not missing or missing in _OURS:
                raise
            typer.secho(visible_lines(_not_here(missing)), err=True, fg=typer.colors.RED)
            raise typer.Exit(_WRONG) from None

    def understands(self, words: Sequence[str]) -> bool:
        """Whether a command can be read, and the recipe that it names with its overrides is valid."""
        if words[-1:] == ["--help"] or list(words) == ["--version"]:
            return len(words) == 1 or words[0] in self.commands
        command = self.commands.get(words[0]) if words else None
        if command is None:
            return False
        try:
            with command.make_context(words[0], list(words[1:])) as context:
                given = context.params
            if words[0] == "schedule" and not any(given[one] for one in ("nightly", "weekly", "cron", "off")):
                return False
            if words[0] == "predict" and not (given["paths"] or given["sample"] or given["unlabelled"]):
                return False
            if words[0] == "sweep":
                check(load_sweep(given["recipe"], given["over"] or (), given["overrides"] or (), given["source"] or ()))
            elif "recipe" in given and "overrides" in given:
                load_recipe(given["recipe"], given["overrides"] or (), given.get("source"))
        except (_UsageError, typer.Exit, BadInput):
            return False
        return True


class Mistake:
    """A mistake of usage.

    Attributes:
        whole_command: the program, and the command if it is one.
    """

    def __init__(self, group: Usage, typed: Words, error: Exception) -> None:
        self._group, self._typed, self._error = group, typed, error
        self._kind = type(error).__name__
        at = next((index for index, word in enumerate(typed) if word in group.commands), None)
        in_group = isinstance(getattr(getattr(error, "ctx", None), "command", None), Usage)
        self._at = None if at is None or in_group else at
        self.whole_command = _NAME if self._at is None else f"{_NAME} {typed[self._at]}"
        self._option = str(getattr(error, "option_name", "") or "")
        self._parameter = getattr(error, "param", None)

    def told(self) -> str:
        """Return what was expected and what was received."""
        return f"{self.whole_command}: {redacted(self._words())}"

    def line(self) -> str:
        """Return the first line that is understood, of those that may have been meant; empty if none is."""
        extra = tuple(self._extra())
        retyping = Retyping(self._group.commands, self._typed, self._at, self._option, self._parameter, extra)
        for words in retyping.candidates(self._kind):
            if redacted(shlex.join(words)) == shlex.join(words) and self._group.understands(words):
                return f"{_NAME} {shlex.join(words)}"
        return ""

    def _words(self) -> str:
        message = str(getattr(self._error, "message", self._error))
        if self._kind == "NoSuchOption":
            return f"there is no option {self._option}"
        if self._kind == "BadOptionUsage" and "does not take" in message:
            return f"{self._option} is said alone, without a value"
        if self._kind in ("BadOptionUsage", "BadArgumentUsage"):
            return f"expected a value after {self._option}: {self._help(self._option)}".rstrip(": ")
        if self._kind == "MissingParameter" and self._parameter is not None:
            return f"expected {_called(self._parameter)}, received none. {_help_of(self._parameter)}"
        if self._kind == "BadParameter" and self._parameter is not None:
            named = _called(self._parameter)
            given = self._value_of(self._parameter) or "".join(re.findall("'(.*)' is not one of", message))
            return f"{named}: {_bounds(self._parameter, message)}, received {given!r}"
        if self._at is None and self._typed:
            return f"there is no command {self._typed[0]!r}; there are: {', '.join(self._group.commands)}"
        extra = self._extra()
        return f"expected nothing more, received {' '.join(extra)}" if extra else message

    def _extra(self) -> Words:
        """Return the words that are too many; Typer tells them in parentheses alone."""
        found = re.search(r"arguments?(?:\(s\))? \((.*)\)$", str(getattr(self._error, "message", "")), re.DOTALL)
        rest = found[1] if found else ""
        extra: Words = []
        for word in self._typed[1:]:
            if rest == word or rest.startswith(f"{word} "):
                extra.append(word)
                rest = rest[len(word) :].lstrip()
        return extra

    def _help(self, option: str) -> str:
        command = None if self._at is None else self._group.commands[self._typed[self._at]]
        return next((_help_of(one) for one in (command.params if command else ()) if option in one.opts), "")

    def _value_of(self, parameter: Any) -> str:
        for at, word in enumerate(self._typed):
            option, equals, value = word.partition("=")
            if option in parameter.opts:
                return value if equals else "".join(self._typed[at + 1 : at + 2])
        return ""


def _name_plainly(command: Any) -> None:
    """Have the help of a command name what it takes as everything else does: no type where there is no value to type.

    Typer says ``<bool>`` behind a flag, ``{RECIPE}`` where an argument must be given, and Python's types of arguments.
    """
    for parameter in command.get_params(typer.Context(command)):
        if parameter.param_type_name == "argument":
            said = _called(parameter) if parameter.required else f"[{_called(parameter)}]"
            pieces = [said if parameter.nargs == 1 else f"{said}..."]
            parameter.get_usage_pieces = lambda _, pieces=pieces: pieces
            parameter.display_type_rich = lambda ctx: None
        elif parameter.is_flag:
            parameter.metavar = ""


def _called(parameter: Any) -> str:
    """Return how a person names a parameter."""
    return option_of(parameter) or str(parameter.metavar or parameter.name).upper()


def _help_of(parameter: Any) -> str:
    return str(getattr(parameter, "help", "") or "").replace("\\[", "[")  # as rich shows it


def _bounds(parameter: Any, message: str) -> str:
    """Return what a parameter expects, in place of what its library says of a number or a choice."""
    if choices := re.search(r"is not one of (.*?)\.*$", message):
        *others, last = re.findall(r"'([^']*)'", choices[1])
        return f"expected {', '.join(others)} or {last}" if others else f"expected {last}"
    if not message.startswith("Input should"):
        return message
    kind = getattr(parameter, "type_descriptor", None)
    information = getattr(kind, "parameter_info", None)
    low, high = getattr(information, "min", None), getattr(information, "max", None)
    within = f" from {low} to {high}" if high is not None else f" of {low} or more" if low is not None else ""
    return f"expected a {'number' if getattr(kind, 'annotation', None) is float else 'whole number'}{within}"
