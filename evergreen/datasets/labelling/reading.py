"""What every folder of a dataset means: the order of the rules, from the root down to names.

Where the dataset begins, subsets, classes, names: each rule finds what is certain, notes what is harmless, and raises
what can be read in several ways.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.classes import RENAMED, Classes, Meaning
from evergreen.datasets.labelling.copies import Contents, Copies
from evergreen.datasets.labelling.doubt import Doubt, Reading
from evergreen.datasets.labelling.levels import Levels, class_of
from evergreen.datasets.labelling.names import key, tidy
from evergreen.datasets.labelling.subsets import WORDS, Place, Subsets
from evergreen.datasets.labelling.tree import Path, Tree, ends_with, left_out, path_of, text_of
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair, Subset

OUTSIDE = "outside any folder"


@dataclass(frozen=True)
class Folder:
    """What a folder of images means.

    Attributes:
        folder: its path in the source.
        subset: train, validation, test, unlabelled or nothing.
        label: the class of its images; empty if they have none, or are not used.
        what: class, renamed, merged, copy, left out, unlabelled; ``OUTSIDE`` for images that lie in no class folder.
        why: in words.
        count: images in it, those deeper not counted.
        group: the folders between the class folder and the images; empty if there are none.
    """

    folder: str
    subset: Subset
    label: str
    what: str
    why: str
    count: int
    group: str = ""

    @property
    def used(self) -> bool:
        """Whether its images belong to the dataset."""
        return self.what not in ("copy", "left out", OUTSIDE)


@dataclass(frozen=True)
class Folders:
    """What all folders mean.

    Attributes:
        folders: one for each folder of images, sorted.
        classes: in the order that every later step and export keeps.
        notes: what was found and done without a question, a sentence each.
        unused: those of them that say that the recipe names a folder which is not there.
    """

    folders: Sequence[Folder]
    classes: list[str]
    notes: list[str]
    unused: Sequence[str] = ()


def read_folders(counts: Mapping[str, int], contents: Contents, settings: Repair) -> Folders:
    """Return what every folder means.

    Args:
        counts: folder (POSIX, ``.`` is the source's own) -> images in it.
        contents: of a folder; asked only where names repeat.
        settings: what the recipe says.

    Raises:
        Doubt: it can be read in several ways.
    """
    tree = Tree({path_of(folder): count for folder, count in counts.items()})
    return _Reader(tree, contents, settings).read()


@dataclass
class _Reader:
    """Applies the rules to one tree under one recipe."""

    tree: Tree
    contents: Contents
    settings: Repair
    notes: list[str] = field(default_factory=list)
    found: list[Folder] = field(default_factory=list)

    def read(self) -> Folders:
        kept = self._without_left_out()
        self._said = self._renamed_paths(kept)
        tree, root, copies = self._begin(kept)
        places = self._places(tree, root, copies)
        self._note_copies(copies, kept)
        classes = self._label(places)
        unused = list(self._unused_words())
        self.notes += unused
        return Folders(sorted(self.found, key=lambda row: row.folder), classes, self.notes, unused)

    # -- what the recipe says ------------------------------------------------------------------------------------------

    def _without_left_out(self) -> Tree:
        """Take out what ``leave_out`` names, and remember what it was."""
        away = left_out((text_of(path) for path in self.tree.counts if path), self.settings)
        self._unused = set(self.settings.leave_out) - set(away.values())
        for folder, pattern in away.items():
            self._row(Place(path_of(folder), "", ()), "", "left out", f"repair.leave_out: {pattern}")
        return Tree({path: count for path, count in self.tree.counts.items() if text_of(path) not in away})

    def _renamed_paths(self, tree: Tree) -> dict[Path, str]:
        """Return folders that ``rename`` names by their path -> class."""
        by_path = {tidy(path).strip("/"): label for path, label in self.settings.rename.items() if "/" in path}
        found: dict[Path, str] = {}
        for folder in tree.counts if by_path else ():
            for depth in range(1, len(folder) + 1):
                text = tidy(text_of(folder[:depth]))
                fits = [path for path in by_path if ends_with(text, path)]
                if fits:
                    found[folder[:depth]] = by_path[max(fits, key=len)]
        return found

    def _label_said(self, folder: Path) -> tuple[str, Path] | None:
        """Return the class that ``rename`` gives a folder, or one above it, by its path."""
        for depth in range(len(folder), 0, -1):
            if (label := self._said.get(folder[:depth])) is not None:
                return label, folder[:depth]
        return None

    def _unused_words(self) -> Iterator[str]:
        names = {tidy(name) for name in self._named_classes}
        paths = {tidy(text_of(path)) for path in self._said}
        for text in self.settings.leave_out:
            if text in self._unused:
                yield f"repair.leave_out: no folder is called {text!r}"
        for text in self.settings.rename:
            if tidy(text) not in names and not any(ends_with(path, tidy(text).strip("/")) for path in paths):
                yield f"repair.rename: no class folder is called {text!r}"

    # -- where the dataset begins --------------------------------------------------------------------------------------

    def _begin(self, tree: Tree) -> tuple[Tree, Path, Copies]:
        """Return the tree without copies, and the folder in which the dataset begins."""
        declared = {key(name) for name in self.settings.classes}
        given = {tidy(name).strip("/").lower() for name in (*self.settings.subsets, *self.settings.rename)}
        copies = Copies(self.contents, self.settings)
        root: Path = ()
        while True:
            tree = copies.without(tree, root)
            names = tree.children(root)
            if len(names) != 1 or tree.own(root):
                break
            inside = (*root, names[0])
            kept = key(names[0]) in declared or key(names[0]) in WORDS or bool(given & _ends(inside))
            # A few images of its own beside class folders are none of a class: a cover, a sample.
            own = tree.own(inside) if 2 * tree.own(inside) > tree.total(inside) else 0
            if kept or own or not tree.children(inside) or inside in self._said:
                break
            root = inside
        if root:
            self.notes.append(f"the dataset begins in the folder {text_of(root)!r}")
        return tree, root, copies

    def _places(self, tree: Tree, root: Path, copies: Copies) -> list[Place]:
        """Return what every folder is before names are compared; copies inside a subset are taken out, too."""
        subsets = Subsets(tree, self.settings)
        places = subsets.places(root)
        cleaned = tree
        for inside in subsets.roots:
            cleaned = copies.without(cleaned, inside)
        return places if cleaned is tree else Subsets(cleaned, self.settings).places(root)

    def _note_copies(self, copies: Copies, kept: Tree) -> None:
        for copy, of in copies.found.items():
            beside = "the folders beside it" if copy[:-1] == of else repr(text_of(of))
            for folder in kept.below(copy):
                self._row(Place(folder, "", ()), "", "copy", f"same files as {beside}: counted once")

    # -- classes -------------------------------------------------------------------------------------------------------

    def _label(self, places: Sequence[Place]) -> list[str]:
        """Give every folder its label, and return the classes."""
        said = {place.folder: found for place in places if (found := self._label_said(place.folder))}
        labelled = [p for p in places if p.parts and p.subset != UNLABELLED and p.folder not in said]
        levels = Levels(labelled, self.settings)
        level = levels.level() if labelled else 1
        self.notes += levels.noted
        names: dict[Path, tuple[str, tuple[str, ...]]] = {}
        for place in labelled:
            if (named := class_of(place, level)) is None:
                raise self._above(place, level)
            names[place.folder] = named
        counts: dict[tuple[Subset, str], int] = {}
        for place in places:
            name = said[place.folder][0] if place.folder in said else names.get(place.folder, ("",))[0]
            if name:
                counts[place.subset, name] = counts.get((place.subset, name), 0) + self.tree.own(place.folder)
        self._named_classes = {name for _, name in counts}
        naming = Classes(counts, self.settings)
        meanings, classes = naming.named()
        self.notes += naming.noted
        spelled = spellings(meanings)
        for place in places:
            if place.folder in said:
                name, at = said[place.folder]
                label = meanings[place.subset, name].label
                self._row(place, label, "renamed", f"{RENAMED}: by its path", place.folder[len(at) :])
            elif place.folder in names:
                name, group = names[place.folder]
                self._named(place, name, meanings[place.subset, name], spelled, group)
            elif not place.parts and not place.subset:
                self._row(place, "", OUTSIDE, OUTSIDE)
            else:
                why = "unlabelled" if place.subset == UNLABELLED else "no class folder: unlabelled"
                self._row(place, "", UNLABELLED, why)
        return classes

    def _named(
        self,
        place: Place,
        name: str,
        meaning: Meaning,
        spelled: Mapping[tuple[Subset, str], set[str]],
        group: Sequence[str],
    ) -> None:
        if not meaning.label:
            self._row(place, "", UNLABELLED, meaning.why)
            return
        what = what_became(name, meaning, spelled[place.subset, meaning.label])
        self._row(place, meaning.label, what, meaning.why, group)

    def _row(self, place: Place, label: str, what: str, why: str, group: Sequence[str] = ()) -> None:
        subset: Subset = "unlabelled" if what == UNLABELLED else place.subset
        count = self.tree.own(place.folder)
        self.found.append(Folder(text_of(place.folder), subset, label, what, why, count, "/".join(group)))

    def _above(self, place: Place, level: object) -> Doubt:
        """Ask about images that lie above the level at which the classes are."""
        return Doubt(
            f"the classes are folders at level {level}, and {self.tree.own(place.folder):,} images lie above it, in "
            f"{text_of(place.folder)!r}, where no folder names their class",
            [
                Reading("the first folder is the class", {"level": "first"}),
                Reading("the folder that holds the images is the class", {"level": "leaf"}),
            ],
            "Or move these images into class folders.",
        )


def what_became(name: str, meaning: Meaning, names: Collection[str]) -> str:
    """Return whether a name is its class's, was renamed, or is one of several that became one class."""
    if tidy(name) == meaning.label:
        return "class"
    return "merged" if len(names) > 1 else "renamed"


def _ends(path: Path) -> set[str]:
    """Return a path, and every end of it, as a recipe may name it."""
    return {"/".join(map(tidy, path[start:])).lower() for start in range(len(path))}


def spellings(meanings: Mapping[tuple[Subset, str], Meaning]) -> dict[tuple[Subset, str], set[str]]:
    """Return (subset, class) -> the names of its folders."""
    found: dict[tuple[Subset, str], set[str]] = {}
    for (subset, name), meaning in meanings.items():
        found.setdefault((subset, meaning.label), set()).add(tidy(name))
    return found
