"""From a folder's name to the class that it means: never a guess between two."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from evergreen.errors import BadDataset

_NEAR = 0.75  # difflib's ratio of a near-miss; two transposed letters in five give 0.8


def match(raw: str, classes: Sequence[str], rename: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the class that a folder's name means and how that was decided, or None if it is near none of them.

    In this order: the recipe's map; the same but for white space, case and Unicode form; the same letters (split or
    joined words); a misspelling; some of the words of one class alone.

    Args:
        raw: the folder's name.
        classes: the names that there are.
        rename: folder name -> class name.

    Raises:
        BadDataset: it could be several of them; the message shows which.
    """
    for name, renamed in rename.items():
        if name == raw or tidy(name) == tidy(raw):
            return renamed, "renamed by the recipe"
    ways: tuple[tuple[str, Callable[[str], list[str]]], ...] = (
        ("white space, case or Unicode form", lambda name: _same(tidy_fold, name, classes)),
        ("split or joined words", lambda name: _same(_letters, name, classes)),
        ("a misspelling", lambda name: _near(name, classes)),
        ("some of its words", lambda name: _worded(name, classes)),
    )
    for why, look in ways:
        found = look(raw)
        if len(found) == 1:
            return found[0], "as it is" if found[0] == raw else why
        if found:
            choices = " or ".join(repr(name) for name in found)
            raise BadDataset(f"the folder {raw!r} could be {choices}; say which with repair.rename: {{{raw!r}: CLASS}}")
    return None


def tidy(name: str) -> str:
    """Return a name with its white space collapsed and its Unicode composed (NFC)."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()


def tidy_fold(name: str) -> str:
    """Return a tidy name without case."""
    return tidy(name).casefold()


def _same(key: Callable[[str], str], raw: str, classes: Sequence[str]) -> list[str]:
    return [name for name in classes if key(name) == key(raw)]


def _near(raw: str, classes: Sequence[str]) -> list[str]:
    letters = {name: _letters(name) for name in classes}
    near = difflib.get_close_matches(_letters(raw), list(letters.values()), n=3, cutoff=_NEAR)
    return [name for name in classes if letters[name] in near]


def _worded(raw: str, classes: Sequence[str]) -> list[str]:
    words = _words(raw)
    return [name for name in classes if words and words < _words(name)]


def _words(name: str) -> set[str]:
    return set(re.split(r"[\s_-]+", tidy_fold(name))) - {""}


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name)).casefold()
