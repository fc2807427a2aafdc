"""The classes of several sources as one list: equal names are one class, nearly equal ones are asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.classes import in_order
from evergreen.datasets.labelling.doubt import Doubt, Reading
from evergreen.datasets.labelling.names import is_joined, is_misspelt, is_one_letter, key
from evergreen.datasets.labelling.words import some

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair

# Source -> class, as the source spells it -> images.
Counts = Mapping[str, Mapping[str, int]]


def joined_classes(counts: Counts, settings: Repair) -> tuple[dict[str, str], list[str], list[str]]:
    """Return {spelling: class}, the classes in the order that every step keeps, and what is to be said of them.

    Names whose ``key`` is the same (case, blanks, ``_``, ``-``) are one class, spelled as most images have it, in
    whatever order the sources come. Declared classes are what they are: each source was held against them.

    Args:
        counts: labelled images.
        settings: declared classes, renames.

    Raises:
        Doubt: two sources' names differ in a letter, a blank or the case of a single letter, and none has both.
    """
    spelled: dict[str, Counter[str]] = {}
    for found in counts.values():
        for name, count in found.items():
            spelled.setdefault(key(name), Counter())[name] += count
    if settings.classes:
        classes, note = list(settings.classes), ""
        meant = {name: name for names in spelled.values() for name in names}
    else:
        near = [*_one_letter(spelled), *_nearly_equal(counts, spelled)]
        if near:
            raise _doubt(near, spelled, settings)
        best = {form: max(names, key=lambda name: (names[name], name)) for form, names in spelled.items()}
        meant = {name: best[form] for form, names in spelled.items() for name in names}
        classes, note = in_order(list(best.values()))
    return meant, classes, [*([note] if note else []), *_alone(counts, meant)]


def _alone(counts: Counts, meant: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each source that has classes which no other has."""
    having = Counter(label for found in counts.values() for label in {meant[name] for name in found})
    for source, found in counts.items():
        images: Counter[str] = Counter()
        for name, count in found.items():
            images[meant[name]] += count
        alone = [f"{label!r} ({images[label]:,} images)" for label in sorted(images) if having[label] == 1]
        if alone:
            plural = "es" if len(alone) > 1 else ""
            yield f"{source}: the class{plural} {some(alone, 12)} {'are' if plural else 'is'} in no other source"


def _one_letter(spelled: Mapping[str, Counter[str]]) -> Iterator[tuple[str, str]]:
    """Yield single letters that differ in case alone, as ``labelling.classes`` asks about them inside one source."""
    for names in spelled.values():
        if len(names) > 1 and all(map(is_one_letter, names)):
            yield tuple(sorted(names))[:2]  # type: ignore[misc]


def _nearly_equal(counts: Counts, spelled: Mapping[str, Counter[str]]) -> Iterator[tuple[str, str]]:
    """Yield names of different sources that may be one class; a source that has both says that they are two."""
    forms = {source: set(map(key, found)) for source, found in counts.items()}
    for one, other in combinations(sorted(spelled), 2):
        if any({one, other} <= held for held in forms.values()):
            continue
        if is_joined(one, other) or is_misspelt(one, other):
            fewer, more = sorted((one, other), key=lambda form: (spelled[form].total(), form))
            yield max(spelled[fewer]), max(spelled[more])


def _doubt(near: list[tuple[str, str]], spelled: Mapping[str, Counter[str]], settings: Repair) -> Doubt:
    pairs = some(f"{one!r} and {other!r}" for one, other in near)
    names = {max(found, key=lambda name: (found[name], name)) for found in spelled.values()}
    apart = [*(names | {name for pair in near for name in pair})]
    return Doubt(
        f"the sources call classes {pairs}: one class in two spellings, or two",
        [
            Reading("one class", {"rename": dict(settings.rename) | dict(near)}),
            Reading("two classes", {"classes": in_order(apart)[0]}),
        ],
        "For only some of them: repair.rename: {NAME: CLASS} and repair.classes.",
    )
