"""What a message says to type, in the words of the dashboard's form, for whoever has no command line."""

import re
import shlex

from evergreen.recipe import Recipe
from evergreen.sections.defaults import sections_in

# What has no setting: the flow has a parameter of its own for the source, and another name would be another recipe.
LEFT_OUT = ("name", "title", "source")
# One word of a shell, without the punctuation that ends it in a sentence.
_QUOTED = r"'[^']*'|\"[^\"]*\""
_WORD = rf"(?:{_QUOTED}|[^\s'\"\\])*(?:{_QUOTED}|[^\s'\"\\.,;:)])"
_OPTION = re.compile(rf"--(?P<option>set|source)(?: |=)(?P<value>{_WORD})")
_OPTIONS = rf"(?: --(?:set|source)(?: |=){_WORD})*"
# A line to type, alone on its line: one that runs a flow with what its form has, or any other.
_LINE = re.compile(r"^(?P<before> *(?:try: )?)(?P<typed>evergreen .*)$", re.MULTILINE)
_OF_A_FLOW = re.compile(rf"evergreen (?:retrain|inspect|folds) (?P<recipe>{_WORD})(?P<options>{_OPTIONS})$")
# What a sentence names: a deployment, or a command with its words, which only a terminal has.
_NAMED = re.compile(
    rf"evergreen (?P<deployment>inspect|folds|maintain)\b(?! \S+ --)|evergreen [a-z]+[^;\n]*|{_OPTION.pattern}"
)
_ON_THE_COMMAND_LINE, _IN_THE_FORM = "or on the command line:", "or in the form:"
IN_A_TERMINAL = "in a terminal: "
_FIELDS = "|".join(name for name in Recipe.model_fields if name not in LEFT_OUT)
_PATH = re.compile(rf"(?<![\w./>-])(?P<path>(?:{_FIELDS})(?:\.\w+)+)(?![\w/])")


def in_the_form(text: str, settings: bool = True) -> str:
    """Return a text in which ``--set split.test=0.2`` reads ``Settings > split > test: 0.2``, and ``--source`` Source.

    A single item of a list cannot be set there: it stays a pair, of Overrides. A command of which no form has what it
    does stays as it is typed, and is said to be for a terminal.

    Args:
        text: a message.
        settings: whether the form has them; else every pair is one of Overrides.
    """
    lines = (_line(line, settings) for line in text.replace(_ON_THE_COMMAND_LINE, _IN_THE_FORM).split("\n"))
    return "\n".join(lines)


def fields_in(text: str, settings: bool = True) -> list[str]:
    """Return a line of Markdown for each field of the recipe that a text names, which says where the form has it.

    Args:
        text: a message.
        settings: whether the form has them.
    """
    known = dict.fromkeys(match["path"] for match in _PATH.finditer(text))
    return [_where(path, place, settings) for path in known if (place := _place(path))]


def _line(line: str, settings: bool) -> str:
    """Return one line of a message in the words of the form."""
    typed = _LINE.match(line)
    if typed is None:
        return _NAMED.sub(lambda found: _named(found, settings), line)
    of_a_flow = _OF_A_FLOW.match(typed["typed"])
    if of_a_flow is None:
        return f"{typed['before']}{IN_A_TERMINAL}{typed['typed']}"
    (recipe,) = shlex.split(of_a_flow["recipe"]) or ("",)
    options = [_said(option, settings) for option in _OPTION.finditer(of_a_flow["options"])]
    return typed["before"] + "; ".join([f"Recipe: {recipe}", *options])


def _named(found: re.Match[str], settings: bool) -> str:
    if found["option"]:
        return _said(found, settings)
    return f"the deployment {found['deployment']}" if found["deployment"] else found[0]


def _said(option: re.Match[str], settings: bool) -> str:
    (value,) = shlex.split(option["value"]) or ("",)
    if option["option"] == "source":
        return f"Source: {value}"
    path, gap, wanted = value.partition("=")
    place = _place(path)
    return f"{place}: {wanted}" if settings and gap and place and not _is_item(path) else f"Overrides: {value}"


def _where(path: str, place: str, settings: bool) -> str:
    pair = f"**Overrides**: `{path}=VALUE`"
    if not settings:
        return f"`{path}` goes under {pair}"
    return (
        f"`{path}` is in **{place}**, whose list is given whole; alone, under {pair}"
        if _is_item(path)
        else (f"`{path}` is **{place}**")
    )


def _place(path: str) -> str | None:
    """Return where the form has a field, or the list that it is in; None for what is no field of the form."""
    model: type | None = Recipe
    named: list[str] = []
    for part in path.split("."):
        if part.isdecimal():
            break
        fields = getattr(model, "model_fields", {})
        if part not in fields or (not named and part in LEFT_OUT):
            return None if model is not None and fields else " > ".join(["Settings", *named])
        named.append(part)
        model = next(sections_in(fields[part].annotation), None)
    return " > ".join(["Settings", *named])


def _is_item(path: str) -> bool:
    return any(part.isdecimal() for part in path.split("."))
