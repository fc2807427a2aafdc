"""Classes that a mirror turns into one another, or into nothing: told by their names."""

import re
from collections.abc import Iterable

_NUMBERS = frozenset((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "nol", "satu", "dua",
    "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan",
))  # fmt: skip
_SIDES = frozenset((
    "left", "right", "west", "east", "clockwise", "counterclockwise", "anticlockwise", "arrow", "arrows", "links",
    "rechts", "gauche", "droite", "izquierda", "derecha", "esquerda", "direita", "sinistra", "destra", "kiri", "kanan",
))  # fmt: skip
_KINDS = frozenset(("digit", "digits", "number", "letter", "character", "char", "angka", "huruf"))
# Most of these words: "five" among breeds of dogs is a name.
_MOST = 0.5


def mirrored(classes: Iterable[str]) -> list[str]:
    """Return the classes whose mirror image is another class, or none, as far as their names tell.

    Sides (left, kiri, droite, arrow_west) each count; numbers and single letters if at least half of the classes are
    of them: those of an alphabet, or of digits.
    """
    names = list(classes)
    sided = [name for name in names if _SIDES & set(_words(name))]
    signs = [name for name in names if _is_sign(name)]
    return sided + ([name for name in signs if name not in sided] if len(signs) >= _MOST * len(names) else [])


def _is_sign(name: str) -> bool:
    """Whether a class is called by a number or a letter: 7, seven, digit_7, B, letter-b."""
    match _words(name):
        case [word]:
            return word in _NUMBERS or word.isdecimal() or len(word) == 1
        case [kind, word]:
            return kind in _KINDS and (word in _NUMBERS or word.isdecimal() or len(word) == 1)
    return False


def _words(name: str) -> list[str]:
    """Return a name's words in lower case; a number is a word of its own."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"\d+|[^\W\d_]+", apart.lower())
