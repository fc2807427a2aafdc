"""When are two names the same, and when is one a damaged form of the other: the rules, from the surest down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

_BLANKS = re.compile(r"[\s_-]+")
_MINUS = re.compile(r"(^|\s)-(?=\d)")  # of a number, which it changes
_NEGATIONS = {"not", "no", "non", "without"}
_SHORTEST = 5  # letters of a word in which one may be wrong
_REMEMBERED = 1 << 16  # names, of which there may be thousands, each held against all the others
_SURE = 2  # letters at a word's beginning that must be right

SPELLING = "white space, case or Unicode form"
BLANKS = "blanks, _ or - in place of each other"
JOINED = "split or joined words"
MISSPELT = "a misspelling"
WORDS = "some of its words"


@lru_cache(_REMEMBERED)
def tidy(name: str) -> str:
    """Return a name with its white space collapsed and its Unicode composed (NFC)."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()


@lru_cache(_REMEMBERED)
def key(name: str) -> str:
    """Return what two names of one class have in common.

    Case, Unicode form, and runs of blanks, ``_`` and ``-`` do not count; nothing is removed: ``A-`` is not ``A``, nor
    ``-5`` ``5``. Not ``casefold``, which
    would make ``Masse`` of ``Maße``.
    """
    lowered = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())
    return _BLANKS.sub(" ", _MINUS.sub("\\1\u2212", lowered.strip()))


def literal(name: str) -> str:
    """Return a folder's name or path as ``leave_out`` has to say it: no sign in it is read as a wildcard."""
    return re.sub(r"([*?[])", r"[\1]", name)


def is_one_letter(name: str) -> bool:
    """Whether a name is a single letter, where case may be all that tells two classes apart."""
    return len(tidy(name)) == 1 and tidy(name).isalpha()


def same_spelling(name: str, other: str) -> str:
    """Return in what two names of equal key differ."""
    if name == other:
        return "as it is"
    return SPELLING if tidy(name).lower() == tidy(other).lower() else BLANKS


def is_joined(name: str, other: str) -> bool:
    """Whether names have the same letters, their words split or joined, and the same numbers."""
    ends = [(form[:1] == " ", form[-1:] == " ") for form in (key(name), key(other))]
    return _joined(name) == _joined(other) and _numbers(name) == _numbers(other) and ends[0] == ends[1]


def is_misspelt(name: str, other: str) -> bool:
    """Whether all words are equal but one, in which one letter is missing, added, or swapped with its neighbour.

    Not a letter in place of another (horse, house), none among its first two (male, female), none in a short word or
    in one with a digit, and none where a word contains the other (healthy, unhealthy; house, houses).
    """
    words, others = key(name).split(" "), key(other).split(" ")
    if len(words) != len(others):
        return False
    differing = [(one, two) for one, two in zip(words, others, strict=True) if one != two]
    return len(differing) == 1 and _is_slip(*differing[0])


def has_some_words(name: str, other: str) -> bool:
    """Whether a name has some of another's words, and what is missing does not turn its meaning round."""
    words, others = set(key(name).split()), set(key(other).split())
    return bool(words) and words < others and not (others - words) & _NEGATIONS


# From the nearest down; the last one is asked for more before it counts.
WAYS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    (JOINED, is_joined),
    (MISSPELT, is_misspelt),
    (WORDS, has_some_words),
)


def nearest(name: str, classes: Iterable[str]) -> tuple[str, list[str]]:
    """Return by which of ``WAYS`` a name is nearest to classes, and to which; nothing if it is near none."""
    known = list(classes)
    for why, is_near in WAYS:
        if found := [label for label in known if is_near(name, label)]:
            return why, found
    return "", []


def _joined(name: str) -> str:
    return key(name).replace(" ", "")


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", key(name))


def _is_slip(one: str, two: str) -> bool:
    short, long = sorted((one, two), key=len)
    if len(short) < _SHORTEST or short in long or not (one + two).isalpha():
        return False
    start = next(place for place in range(len(short)) if short[place] != long[place])  # else short would be in long
    if start < _SURE:
        return False
    if len(short) == len(long):
        swapped = short[:start] + short[start + 1] + short[start] + short[start + 2 :] if start + 1 < len(short) else ""
        return swapped == long
    return len(long) == len(short) + 1 and short[start:] == long[start + 1 :]
