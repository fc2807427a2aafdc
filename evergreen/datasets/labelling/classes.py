"""From the names of class folders to classes: the same name, a one-to-one repair, or a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.names import WAYS, WORDS, is_one_letter, key, nearest, same_spelling, tidy
from evergreen.datasets.labelling.words import some
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair, Subset

RENAMED = "renamed by the recipe"
_MOST = 12

# (subset, name of a class folder as it is)
Named = tuple["Subset", str]


@dataclass(frozen=True)
class Meaning:
    """What the name of a class folder means.

    Attributes:
        label: its class; empty if its images have none.
        why: how that was decided.
    """

    label: str
    why: str


@dataclass
class Classes:
    """Gives every class folder its class.

    Attributes:
        counts: images below each class folder's name, by subset.
        settings: declared classes, renames by name.
        what: what has the names, for sentences: a folder, or a label that stands elsewhere.
        noted: what was found, in words.
    """

    counts: Mapping[Named, int]
    settings: Repair
    what: str = "folder"
    noted: list[str] = field(default_factory=list)

    def named(self) -> tuple[dict[Named, Meaning], list[str]]:
        """Return what every name means, and the classes in the order that every later step and export keeps.

        Raises:
            Doubt: a name is none of the classes, or could be several.
        """
        self._letters: dict[str, str] = {}
        self._rename = {tidy(name): label for name, label in self.settings.rename.items()}
        sizes: Counter[Subset] = Counter()
        for (subset, _), count in self.counts.items():
            sizes[subset] += count
        # One folder names no classes, however many images it has: test/classify.
        several = Counter(subset for subset, _ in self.counts)
        self._largest: Subset = max(
            sizes, key=lambda subset: (several[subset] > 1, sizes[subset], subset == "train", subset), default=""
        )
        classes = list(self.settings.classes) or self._found()
        self._exact, self._alike = _by(tidy, classes), _by(key, classes)
        meanings: dict[Named, Meaning] = {}
        strange: list[Named] = []
        for subset in sorted(sizes):
            meant, left = self._in_subset(subset, classes)
            meanings |= meant
            strange += left
        if self._letters:
            raise self._one_letter()
        if strange:
            raise self._strangers(strange, classes)
        return meanings, classes

    def _found(self) -> list[str]:
        """Return the classes that the largest subset's folders name; others' are held against them."""
        spelled: dict[str, Counter[str]] = {}
        for (subset, name), count in self.counts.items():
            wanted = subset == self._largest or name in self._rename.values()
            label = self._rename.get(tidy(name), tidy(name) if wanted else "")
            if label:
                spelled.setdefault(key(label), Counter())[label] += count
        for names in spelled.values():
            if len(names) > 1 and all(map(is_one_letter, names)):
                one, other = sorted(names)
                self._letters[one] = other
        if self._letters:
            raise self._one_letter()
        # The spelling that most images have; lower case where that does not decide.
        labels = [max(names, key=lambda name: (names[name], name)) for names in spelled.values()]
        ordered, note = in_order(labels)
        self.noted += [note] if note else []
        return ordered

    def _in_subset(self, subset: Subset, classes: Sequence[str]) -> tuple[dict[Named, Meaning], list[Named]]:
        names = sorted(name for side, name in self.counts if side == subset)
        meanings = {name: meant for name in names if (meant := self._plain(name))}
        left = [name for name in names if name not in meanings]
        alone = len(left) == len(names) == 1 and subset not in ("train", self._largest)
        if alone and not nearest(left[0], classes)[1]:
            return {(subset, left[0]): Meaning("", f"the one folder of {subset}, and no class: unlabelled")}, []
        meanings |= self._one_to_one(subset, left, classes, [meant.label for meant in meanings.values()])
        left = [name for name in left if name not in meanings]
        return {(subset, name): meant for name, meant in meanings.items()}, [(subset, name) for name in left]

    def _plain(self, name: str) -> Meaning | None:
        """Return what a name means by the recipe's word, or because it is a class's name."""
        said = self._rename.get(tidy(name))
        wanted = name if said is None else said
        exact = self._exact.get(tidy(wanted), [])
        same = exact or self._alike.get(key(wanted), [])
        if len(same) == 1:
            if said is not None:
                return Meaning(same[0], RENAMED)
            if is_one_letter(name) and is_one_letter(same[0]) and not exact:
                self._letters.setdefault(name, same[0])
            return Meaning(same[0], same_spelling(name, same[0]))
        return None

    def _one_to_one(
        self, subset: Subset, left: Sequence[str], classes: Sequence[str], taken: Sequence[str]
    ) -> dict[str, Meaning]:
        """Repair names, each to a class that has no folder of its own in the subset, if no other is as near."""
        missing = set(classes) - set(taken)
        near = {name: nearest(name, classes) for name in left}
        wanted = Counter((why, label) for why, labels in near.values() for label in labels)
        repaired = {
            name: Meaning(labels[0], why)
            for name, (why, labels) in near.items()
            if len(labels) == 1 and labels[0] in missing and wanted[why, labels[0]] == 1
        }
        repaired = {name: meant for name, meant in repaired.items() if not self._rivalled(name, meant, repaired)}
        # Some of a class's words are enough only where then every class has exactly one folder.
        complete = sorted([*taken, *(meant.label for meant in repaired.values())]) == sorted(classes)
        complete = complete and len(repaired) == len(left)
        if subset == self._largest or not complete:
            return {name: meant for name, meant in repaired.items() if meant.why != WORDS}
        return repaired

    def _rivalled(self, name: str, meant: Meaning, repaired: Mapping[str, Meaning]) -> bool:
        """Whether another name is nearer to the class."""
        order = [why for why, _ in WAYS]
        return any(
            other.label == meant.label and order.index(other.why) < order.index(meant.why)
            for beside, other in repaired.items()
            if beside != name
        )

    def _one_letter(self) -> Doubt:
        """Ask about letters that differ in case alone, all of them at once."""
        pairs = some(f"{one!r} and {other!r}" for one, other in self._letters.items())
        return Doubt(
            f"the {self.what}s {pairs} are single letters that differ in case alone: one class, or two",
            [
                Reading("one class", {"rename": dict(self.settings.rename) | self._letters}),
                Reading("two classes", {"classes": self._with([*self._letters.values(), *self._letters])}),
            ],
        )

    def _with(self, names: Iterable[str]) -> list[str]:
        """Return the classes and some more."""
        known = list(self.settings.classes) or sorted({tidy(name) for _, name in self.counts})
        return list(dict.fromkeys([*known, *map(tidy, names)]))

    def _strangers(self, strange: Sequence[Named], classes: Sequence[str]) -> Doubt:
        names = list(dict.fromkeys(name for _, name in strange))
        shown = some(
            f"{name!r} ({self.counts[subset, name]:,} images{f' in {subset}' if subset else ''})"
            for subset, name in strange
        )
        by_folder = self.what == "folder"
        readings = [leaving_out("they do not belong to it", self.settings, names)] if by_folder else []
        suggested = {name: near[1][0] for name in names if len((near := nearest(name, classes))[1]) == 1}
        if suggested:
            told = some(f"{name!r} is {label!r}" for name, label in suggested.items())
            renamed = dict(self.settings.rename) | suggested
            readings.append(Reading(f"other names of classes: {told}", {"rename": renamed}))
        readings.append(
            Reading("they are classes, too", {"classes": list(dict.fromkeys([*classes, *map(tidy, names)]))})
        )
        outside = [name for subset, name in strange if subset != self._largest]
        if by_folder and len(outside) == len(strange):
            unlabelled = dict(self.settings.subsets) | dict.fromkeys(names, UNLABELLED)
            readings.append(Reading("their images have no label", {"subsets": unlabelled}))
        plural = "s" if len(names) > 1 else ""
        verb = "are" if len(names) > 1 else "is"
        return Doubt(
            f"the {self.what}{plural} {shown} {verb} none of the classes: {some(classes, _MOST)}",
            readings,
            f"For any other class: repair.rename: {{{names[0]!r}: CLASS}}, with the {self.what}'s name or its path.",
        )


def in_order(labels: Sequence[str]) -> tuple[list[str], str]:
    """Return classes that nobody declared in their order, and a sentence if it is another than of text."""
    if not labels or not all(label.isdecimal() and label.isascii() for label in labels):
        return sorted(labels), ""
    ordered = sorted(labels, key=lambda label: (int(label), label))
    if ordered == sorted(labels):
        return ordered, ""
    note = (
        f"the classes are numbers, in their order: {some(ordered, _MOST)} (Keras sorts them as text); for "
        "another order declare repair.classes"
    )
    return ordered, note


def _by(form: Callable[[str], str], classes: Iterable[str]) -> dict[str, list[str]]:
    """Return {a form of a name: the classes that have it}."""
    found: dict[str, list[str]] = {}
    for label in classes:
        found.setdefault(form(label), []).append(label)
    return found
