"""Folders that stand twice: found by what is in them, before levels are judged, and counted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.names import key, tidy
from evergreen.datasets.labelling.subsets import WORDS
from evergreen.datasets.labelling.tree import Path, Tree, text_of
from evergreen.datasets.labelling.words import some

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair

# Returns the SHA-256 of every image in a folder, at any depth, under its path below that folder.
Contents = Callable[[Path], dict[str, str]]


@dataclass
class Copies:
    """Takes folders out that repeat what lies beside them.

    Attributes:
        contents: of a folder.
        settings: what the recipe says.
        found: copy -> what it repeats.
    """

    contents: Contents
    settings: Repair
    found: dict[Path, Path] = field(default_factory=dict)

    @cached_property
    def _declared(self) -> set[str]:
        return {key(label) for label in self.settings.classes}

    def without(self, tree: Tree, at: Path) -> Tree:
        """Return the tree without copies among the folders of one folder.

        Raises:
            Doubt: a folder repeats the names of its siblings with other files.
        """
        return self._without_twins(self._without_repeats(tree, at), at)

    def _without_repeats(self, tree: Tree, at: Path) -> Tree:
        """Leave out ``rps/{rock,paper}`` beside ``rock`` and ``paper``."""
        beside = {key(name): (*at, name) for name in tree.children(at)}
        away: list[Path] = []
        for name in tree.children(at):
            inside = (*at, name)
            held = tree.children(inside)
            # test/train beside train is a class called train in each subset.
            repeats = [
                other
                for other in held
                if key(other) in beside and key(other) != key(name) and not (key(name) in WORDS and key(other) in WORDS)
            ]
            if (
                not repeats
                or tree.own(inside)
                or any(text_of((*inside, other)) in self.settings.rename for other in held)
            ):
                continue
            if len(repeats) == len(held) and all(
                self._holds(beside[key(other)], (*inside, other)) for other in repeats
            ):
                away.append(inside)
            elif self.settings.level is None and key(name) not in self._declared:
                raise self._doubt(tree, inside, repeats, beside)
        self.found |= dict.fromkeys(away, at)
        return tree.without(away)

    def _without_twins(self, tree: Tree, at: Path) -> Tree:
        """Leave out a folder of folders that equals one beside it; a class that equals another is a conflict."""
        alike: dict[tuple[str, ...], list[Path]] = {}
        away: list[Path] = []
        for name in sorted(tree.children(at), key=lambda name: (key(name) not in WORDS, name)):  # train, not its copy
            inside = (*at, name)
            if key(name) in self._declared:
                continue
            held = tuple(tree.children(inside))
            if tree.own(inside) or len(held) < 2:
                continue
            twin = next((other for other in alike.get(held, ()) if self.contents(other) == self.contents(inside)), None)
            if twin is not None and key(name) in WORDS and key(twin[-1]) in WORDS:
                raise self._equal_subsets(twin, inside)
            if twin is None:
                alike.setdefault(held, []).append(inside)
            else:
                self.found[inside] = twin
                away.append(inside)
        return tree.without(away)

    def _holds(self, folder: Path, other: Path) -> bool:
        """Whether a folder holds everything that another holds."""
        return set(self.contents(other).values()) <= set(self.contents(folder).values())

    def _equal_subsets(self, one: Path, other: Path) -> Doubt:
        return Doubt(
            f"the folders {text_of(one)!r} and {text_of(other)!r} hold the same files: a model would be judged by what "
            "it has learned",
            [leaving_out(f"{away[-1]} does not belong to it", self.settings, [text_of(away)]) for away in (other, one)],
        )

    def _doubt(self, tree: Tree, inside: Path, repeats: list[str], beside: dict[str, Path]) -> Doubt:
        same = {other: beside[key(other)][-1] if other in repeats else other for other in tree.children(inside)}
        merged = {text_of((*inside, other)): tidy(label) for other, label in same.items()}
        return Doubt(
            f"the folder {text_of(inside)!r} holds folders of the same names as those beside it ({some(repeats)}), "
            "with other images: more of the same classes, a variant of them, or something of its own",
            [
                leaving_out("it does not belong to it", self.settings, [text_of(inside)]),
                Reading("its folders hold more of the same classes", {"rename": dict(self.settings.rename) | merged}),
                Reading("it is a class of its own", {"level": "first"}),
            ],
        )


def contents_of(files: pd.DataFrame) -> Contents:
    """Return a function that gives the images in a folder: path below it -> SHA-256.

    Args:
        files: path, sha256; sorted by path.
    """
    paths, digests = files["path"], files["sha256"]

    def contents(folder: Path) -> dict[str, str]:
        prefix = f"{text_of(folder)}/"
        # Sorted text: what begins with the prefix lies between two places.
        start = int(paths.searchsorted(prefix))
        end = int(paths.searchsorted(prefix[:-1] + chr(ord("/") + 1)))
        return {path[len(prefix) :]: digest for path, digest in zip(paths[start:end], digests[start:end], strict=True)}

    return contents
