"""Writing decisions into the file beside a recipe: one at a time, each at once, whoever else writes there too."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evergreen.decisions.decision import Decision, Decisions
from evergreen.decisions.editing import edited
from evergreen.decisions.file import parse, read_decisions, text_of
from evergreen.errors import BadInput
from storage.disk import replace


class Written(Protocol):
    """Where decisions are written: a recipe's file, or what else knows what is decided about images."""

    @property
    def path(self) -> Path:
        """The file, for people."""

    def read(self) -> Decisions:
        """Return what it says now."""

    def set(
        self, digest: str, decision: Decision | None, may: Callable[[Decision | None], bool] = ...
    ) -> tuple[bool, Decision | None]:
        """Write what is decided about an image, as ``LabelsFile.set``."""


@dataclass(frozen=True)
class LabelsFile:
    """A recipe's file of decisions.

    Attributes:
        path: of the file; it need not be there.
    """

    path: Path

    def read(self) -> Decisions:
        """Return what it says now.

        Raises:
            BadRecipe: it cannot be read.
        """
        return read_decisions(self.path)

    def set(
        self, digest: str, decision: Decision | None, may: Callable[[Decision | None], bool] = lambda _: True
    ) -> tuple[bool, Decision | None]:
        """Write what is decided about an image; all other lines stay as they are.

        Args:
            digest: SHA-256 of its bytes.
            decision: None takes out what is decided.
            may: asked with what is decided now, while nobody else can write; nothing is written where it says no.

        Returns:
            Whether it was written, and what was decided before.

        Raises:
            BadRecipe: the file cannot be read, or a line in it cannot be changed.
            BadInput: it cannot be written.
        """
        with self._alone() as path:
            text = text_of(path)
            before = parse(text, self.path.name).get(digest)
            if not may(before):
                return False, before
            if decision != before:
                replace(path, edited(text, digest, decision, self.path.name).encode())
            return True, before

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """Hold the file's own lock, and yield its path behind links.

        The lock is the file's, so that no other file lies about in a folder of recipes. Who writes puts a new file in
        its place, so whoever waited for the lock looks whether he holds that of the file that is there now.
        """
        path = Path(os.path.realpath(self.path))
        try:
            while True:
                with path.open("ab") as held:  # makes an empty one, in which nothing is decided
                    fcntl.flock(held, fcntl.LOCK_EX)
                    if _is(held.fileno(), path):
                        yield path
                        return
        except OSError as error:
            raise BadInput(
                f"cannot write decisions to {self.path}: {error.strerror or error}; choose another file, in the "
                "recipe as labels.decisions: FILE or with --set labels.decisions=FILE"
            ) from error


def _is(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that is at a path now."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)
