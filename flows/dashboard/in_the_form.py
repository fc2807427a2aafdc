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
_FIELDS = "|".join(name for name in Recipe.model_fields if name not in LEFT_OUT)
_PATH = re.compile(rf"(?<![\w./>-])(?P<path>(?:{_FIELDS})(?:\.\w+)+)(?![\w/])")


def in_the_form(text: str, settings: bool = True) -> str:
    """Return a text in which ``--set split.test=0.2`` reads ``Settings > split > test: 0.2``, and ``--source`` Source.

    A single item of a list cannot be set there: it stays a pair, of Overrides.

    Args:
        text: a message.
        settings: whether the form has them; else every pair is one of Overrides.
    """
    return _OPTION.sub(lambda option: _said(option, settings), text)


def fields_in(text: str, settings: bool = True) -> list[str]:
    """Return a line of Markdown for each field of the recipe that a text names, which says where the form has it.

    Args:
        text: a message.
        settings: whether the form has them.
    """
    known = dict.fromkeys(match["path"] for match in _PATH.finditer(text))
    return [_where(path, place, settings) for path in known if (place := _place(path))]


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
