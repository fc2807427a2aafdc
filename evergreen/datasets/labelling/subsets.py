"""Which folders stand for a subset: train, validation, test, or images without labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.names import key, tidy
from evergreen.datasets.labelling.tree import Path, Tree, ends_with, text_of

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair, Subset

WORDS: dict[str, Subset] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("pred", "predict", "unlabelled", "unlabeled"), "unlabelled"),
}
# A folder of this name is the training subset where a validation subset lies beside it, and means nothing elsewhere.
_TRAIN_BESIDE_VALIDATION = "images"
# Where a name's words begin: blanks and _ - . part them, and so do capitals and digits (trainingSet, val2017).
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_a-zA-Z]+")


@dataclass(frozen=True)
class Place:
    """What a folder of images is, before names are compared.

    Attributes:
        folder: its path in the source.
        subset: train, validation, test, unlabelled or nothing.
        parts: the names between the dataset's root and it, subsets left out.
        depth: how many of ``parts`` lie above its subset.
    """

    folder: Path
    subset: Subset
    parts: tuple[str, ...]
    depth: int = 0


@dataclass
class Subsets:
    """Finds the subsets below the root of a dataset.

    Attributes:
        tree: the folders.
        settings: names that the recipe explains, and declared classes.
        roots: where each subset begins, once ``places`` was asked.
    """

    tree: Tree
    settings: Repair
    roots: list[Path] = field(default_factory=list)

    def places(self, root: Path) -> list[Place]:
        """Return every folder with images below the root, with its subset.

        Raises:
            Doubt: a folder could be a subset or a class.
        """
        self._declared = {key(name) for name in self.settings.classes}
        self._given = {tidy(name).strip("/"): subset for name, subset in self.settings.subsets.items()}
        return list(self._walk(root, Place(root, self._said(root) or "", ())))

    def _walk(self, at: Path, above: Place) -> Iterator[Place]:
        if self.tree.own(at):
            yield Place(at, above.subset, above.parts, above.depth)
        names = self.tree.children(at)
        found = self._among(at, names, bool(above.subset))
        for name in names:
            inside = (*at, name)
            if subset := found.get(name):
                self.roots.append(self._peeled(inside))
                yield from self._walk(self.roots[-1], Place(inside, subset, above.parts, len(above.parts)))
            else:
                yield from self._walk(inside, Place(inside, above.subset, (*above.parts, name), above.depth))

    def _peeled(self, folder: Path) -> Path:
        """Return where a subset begins: ``seg_train/seg_train``."""
        while not self.tree.own(folder) and [key(name) for name in self.tree.children(folder)] == [key(folder[-1])]:
            folder = (*folder, *self.tree.children(folder))
        return folder

    def _said(self, folder: Path, inside: bool = False) -> Subset | None:
        """Return what the recipe says of a folder, by its name or its path."""
        if not folder:
            return None
        path, name = tidy(text_of(folder)), tidy(folder[-1])
        for known, subset in self._given.items():
            by_name = not inside and known.lower() == name.lower()
            if by_name or known == path or ("/" in known and ends_with(path, known)):
                return subset
        return None

    def _among(self, at: Path, names: Sequence[str], inside: bool) -> dict[str, Subset]:
        """Return which of some siblings are subsets; inside of one, only a path of the recipe says another."""
        said: dict[str, Subset] = {name: subset for name in names if (subset := self._said((*at, name), inside))}
        if inside:
            return said
        open_names = [name for name in names if name not in said and not self._is_class((*at, name))]
        guessed = {name: WORDS[key(name)] for name in open_names if key(name) in WORDS} | _in_pairs(open_names)
        for name in open_names:
            beside = {**said, **guessed}.values()
            if name not in guessed and key(name) == _TRAIN_BESIDE_VALIDATION and "validation" in beside:
                guessed[name] = "train"
        others = [name for name in names if name not in said and name not in guessed]
        declared = others and all(key(name) in self._declared for name in others)
        # Beside declared classes only train could be one that was forgotten.
        doubtful = {name: subset for name, subset in guessed.items() if not declared or subset == "train"}
        if doubtful and others:
            self._ask(at, doubtful, others, names)
        return {**said, **guessed}

    def _is_class(self, folder: Path) -> bool:
        """Whether a folder is a declared class; ``train`` is none where declared classes lie in it."""
        inside = {key(name) for name in self.tree.children(folder)}
        return key(folder[-1]) in self._declared and (self.tree.own(folder) > 0 or not inside & self._declared)

    def _ask(self, at: Path, guessed: Mapping[str, Subset], others: Sequence[str], names: Sequence[str]) -> None:
        """Ask what ``train`` beside ``bus`` and ``car`` is."""
        first = next(iter(guessed))
        both = f"{text_of((*at, first))!r} beside {text_of((*at, others[0]))!r}"
        raise Doubt(
            f"the folder {both} could be a subset without labels or a class: expected subsets beside subsets, or "
            "classes beside classes",
            [
                Reading("all of them are classes", {"classes": self._classes_with(names)}),
                *self._others_as_subsets(guessed, others),
                Reading(
                    f"{', '.join(guessed)} hold subsets, the others are classes",
                    {"subsets": {**self.settings.subsets, **guessed}},
                ),
                leaving_out(
                    f"only {', '.join(guessed)} belong to it",
                    self.settings,
                    (text_of((*at, name)) for name in others),
                ),
                Reading(
                    f"{', '.join(guessed)} hold images without labels",
                    {"subsets": dict(self.settings.subsets) | dict.fromkeys(guessed, "unlabelled")},
                ),
            ],
        )

    def _classes_with(self, names: Sequence[str]) -> list[str]:
        """Return the classes that there are if all of some folders are, each name once."""
        rename = {tidy(name): label for name, label in self.settings.rename.items()}
        known = [*self.settings.classes, *self.settings.rename.values(), *(rename.get(tidy(n), tidy(n)) for n in names)]
        return sorted({key(name): name for name in reversed(known)}.values())

    def _others_as_subsets(self, guessed: Mapping[str, Subset], others: Sequence[str]) -> Iterator[Reading]:
        """Yield the reading in which names that hold the word of a subset are subsets, too: test1 beside train."""
        held = {name: subsets_in(name) for name in others}
        if all(held.values()):
            subsets = {name: found[0] for name, found in held.items()}
            told = ", ".join(f"{name} is {subset}" for name, subset in subsets.items())
            yield Reading(f"they are subsets: {told}", {"subsets": {**self.settings.subsets, **guessed, **subsets}})


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case; capitals and digits begin new ones."""
    return [word.lower() for word in _WORDS.findall(name)]


def subsets_in(name: str) -> list[Subset]:
    """Return the subsets whose words a name holds, in their order: ``test1``, ``train_station``."""
    return [WORDS[word] for word in words_of(name) if word in WORDS]


def _in_pairs(names: Collection[str]) -> dict[str, Subset]:
    """Return subsets whose names hold one word of a subset and are equal without it: ``seg_train``, ``seg_test``."""
    held: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = words_of(name)
        inside = [word for word in words if word in WORDS]
        if len(inside) == 1 and len(words) > 1:
            held.setdefault(tuple(word for word in words if word not in WORDS), {})[name] = inside[0]
    return {
        name: WORDS[word] for group in held.values() if len(set(group.values())) > 1 for name, word in group.items()
    }
