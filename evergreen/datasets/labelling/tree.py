"""Folders of images as a tree: who lies below whom, how many images, and how it looks on a screen."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.names import tidy

if TYPE_CHECKING:
    from evergreen.sections.labels import Repair

# A folder's path, one name an item; the root of a source is ().
Path = tuple[str, ...]

_SHOWN_LINES, _SHOWN_DEPTH = 30, 4


@dataclass(frozen=True)
class Tree:
    """Which folders hold images.

    Attributes:
        counts: folder -> images that lie in it itself, one at least.
    """

    counts: Mapping[Path, int]

    @cached_property
    def _children(self) -> dict[Path, list[str]]:
        found: dict[Path, set[str]] = {}
        for folder in self.counts:
            for depth in range(len(folder)):
                found.setdefault(folder[:depth], set()).add(folder[depth])
        return {folder: sorted(names) for folder, names in found.items()}

    @cached_property
    def _totals(self) -> dict[Path, int]:
        found: dict[Path, int] = {}
        for folder, count in self.counts.items():
            for depth in range(len(folder) + 1):
                found[folder[:depth]] = found.get(folder[:depth], 0) + count
        return found

    def children(self, folder: Path) -> list[str]:
        """Return the names of the folders in a folder that lead to images, sorted."""
        return self._children.get(folder, [])

    def own(self, folder: Path) -> int:
        """Return how many images lie in a folder itself."""
        return self.counts.get(folder, 0)

    def total(self, folder: Path) -> int:
        """Return how many images lie in a folder, at any depth."""
        return self._totals.get(folder, 0)

    def below(self, folder: Path) -> list[Path]:
        """Return the folders with images at or below a folder, sorted."""
        return sorted(path for path in self.counts if path[: len(folder)] == folder)

    def without(self, folders: Iterable[Path]) -> Tree:
        """Return the tree without some folders and what is in them."""
        away = set(folders)
        if not away:
            return self
        return Tree({path: count for path, count in self.counts.items() if not _inside(path, away)})

    def drawn(self, root: Path = ()) -> str:
        """Return the tree as lines, with how many images each folder leads to; what is too much is counted."""
        lines = list(self._lines(root, 0))
        more = len(lines) - _SHOWN_LINES
        return "\n".join(lines[:_SHOWN_LINES] + ([f"... and {more:,} more folders"] if more > 0 else []))

    def _lines(self, folder: Path, depth: int) -> Iterator[str]:
        if depth == 0 and self.own(folder):
            yield f"(no folder)  {self.own(folder):,}"
        for name in self.children(folder):
            inside = (*folder, name)
            deeper = self.children(inside)
            itself = f", {self.own(inside):,} of them itself" if deeper and self.own(inside) else ""
            cut = f", in {len(deeper):,} folders" if deeper and depth + 1 == _SHOWN_DEPTH else ""
            yield f"{'  ' * depth}{name}/  {self.total(inside):,}{itself}{cut}"
            if depth + 1 < _SHOWN_DEPTH:
                yield from self._lines(inside, depth + 1)


def path_of(folder: str) -> Path:
    """Return a folder's path in parts; ``.`` is the root."""
    return () if folder in ("", ".") else tuple(folder.split("/"))


def text_of(path: Path) -> str:
    """Return a path as a person writes it."""
    return "/".join(path) or "."


def with_above(folder: str) -> list[str]:
    """Return a folder and those that it lies in, the outermost first."""
    parts = folder.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def ends_with(path: str, end: str) -> bool:
    """Whether a path is another, or ends with it from some folder on."""
    return path == end or path.endswith(f"/{end}")


def left_out(folders: Iterable[str], settings: Repair) -> dict[str, str]:
    """Return those of some folders that ``leave_out`` names, or one above them -> its words.

    A pattern is held against a folder's name, its path, and every end of its path; of several, that of the outermost
    folder counts.
    """
    patterns = {text: re.compile(fnmatch.translate(tidy(text).strip("/"))) for text in settings.leave_out}
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folders) if patterns else ():
        for above in with_above(tidy_path(folder)):
            ends = [above, *(above.split("/", start)[-1] for start in range(1, above.count("/") + 1))]
            text = next((text for text, pattern in patterns.items() if any(map(pattern.match, ends))), "")
            if text:
                found[folder] = text
                break
    return found


def tidy_path(path: str) -> str:
    """Return a path with every name in it tidy."""
    return "/".join(map(tidy, path.split("/")))


def _inside(path: Path, folders: set[Path]) -> bool:
    return any(path[:depth] in folders for depth in range(len(path) + 1))
