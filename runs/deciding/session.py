"""One sitting in which a person decides about images: what is asked, what was answered, what is taken back."""

import getpass
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from evergreen.decisions.decision import KEEP, LEAVE_OUT, RELABEL, Decision
from evergreen.errors import BadInput
from evergreen.recipe import Recipe
from runs.deciding.questions import NOTHING_ALIKE, Lookalike, Question, keys_of, questions_of
from runs.deciding.writing import LabelsFile, Written

_WORDS = {RELABEL: "relabelled", KEEP: "kept", LEAVE_OUT: "left out"}


def now() -> str:
    """Return the time in UTC, as the file of decisions has it."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def whoever_decides(named: str | None = None) -> str:
    """Return who decides: a name that is given, else Git's ``user.name``, else the user of this machine.

    Raises:
        BadInput: nobody knows.
    """
    if named and named.strip():
        return named.strip()
    if git := shutil.which("git"):
        asked = subprocess.run([git, "config", "user.name"], capture_output=True, encoding="utf-8", check=False)
        if name := asked.stdout.strip():
            return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        raise BadInput("expected to know who decides; Git has no user.name here: add --as NAME") from None


def sitting(
    recipe: Recipe,
    rows: Iterable[Mapping[str, Any]],
    classes: Sequence[str],
    who: str | None = None,
    lookalikes: Mapping[str, Sequence[Lookalike]] = NOTHING_ALIKE,
) -> "Session":
    """Return a sitting about what of a table is not decided yet, as the recipe's file says now.

    Args:
        recipe: read from a file.
        rows: as ``questions_of`` takes them.
        classes: that an image can be of.
        who: as for ``whoever_decides``.
        lookalikes: as ``questions_of`` takes it.

    Raises:
        BadInput: nobody knows who decides, or the recipe comes from no file.
        BadRecipe: what is decided already cannot be read.
    """
    if recipe.decisions.file is None:
        raise BadInput("expected a recipe from a file, beside which decisions are written; received one without")
    file = LabelsFile(recipe.decisions.file)
    questions = questions_of(rows, file.read().made, classes, lookalikes)
    return Session(recipe.title or recipe.name, questions, classes, file, whoever_decides(who))


@dataclass
class Session:
    """What is asked, and what was answered; may be used by several threads.

    Attributes:
        title: of the recipe, for people.
        questions: the most telling first.
        classes: that an image can be of.
        file: where decisions go.
        who: decides.
        clock: returns the time, as ``now``.
    """

    title: str
    questions: Sequence[Question]
    classes: Sequence[str]
    file: Written
    who: str
    clock: Callable[[], str] = now
    _done: dict[str, list[tuple[Decision | None, Decision]]] = field(default_factory=dict)
    _turn: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._asked = {one.sha256: one for one in self.questions}
        self._shown = {*self._asked, *(alike.sha256 for one in self.questions for alike in one.lookalikes)}

    def shows(self, digest: str) -> bool:
        """Whether an image is among the questions, or among what those look like."""
        return digest in self._shown

    def state(self) -> dict[str, Any]:
        """Return all that the page shows, as JSON values: also what the file says of each image now.

        Raises:
            BadRecipe: the file cannot be read.
        """
        made = self.file.read().made
        return {
            "title": self.title,
            "who": self.who,
            "file": self.file.path.name,
            "classes": [{"name": name, "key": keys_of(self.classes).get(name, "")} for name in self.classes],
            "questions": [one.as_json() | {"decision": _told(made.get(one.sha256))} for one in self.questions],
        }

    def decide(self, digest: str, what: str, label: str = "") -> dict[str, Any] | None:
        """Write what a person decided about one of the images, and return it as ``state`` does.

        Raises:
            BadInput: it is not asked about, or the decision is none; or it cannot be written.
            BadRecipe: the file cannot be read.
        """
        question = self._asked.get(digest)
        if question is None:
            raise BadInput(f"expected one of the images that are asked about, received {digest[:80]!r}")
        if what not in _WORDS:
            raise BadInput(f"expected {KEEP}, {RELABEL} or {LEAVE_OUT}, received {what[:80]!r}")
        if (what == RELABEL) != bool(label) or (label and label not in self.classes):
            raise BadInput(f"expected a class beside {RELABEL} alone, one of the recipe's; received {label[:80]!r}")
        if what == KEEP and len(question.labels) > 1:
            raise BadInput(f"expected one class for a picture under {' and '.join(question.labels)}, received {KEEP}")
        decision = Decision(
            what,  # type: ignore[arg-type]
            label,
            # Of a picture under two labels nobody can say which one it was.
            (question.labels or ("",))[0] if len(question.labels) < 2 else None,
            question.path,
            self.who,
            self.clock(),
        )
        with self._turn:
            _, before = self.file.set(digest, decision)
            self._done.setdefault(digest, []).append((before, decision))
        return _told(decision)

    def undo(self, digest: str) -> dict[str, Any] | None:
        """Take back the last decision of this sitting about an image; return what holds of it now.

        Raises:
            BadInput: there is none, or somebody else has changed it since; or it cannot be written.
            BadRecipe: the file cannot be read.
        """
        with self._turn:
            if not self._done.get(digest):
                raise BadInput("nothing to take back: this sitting decided nothing about this picture")
            before, ours = self._done[digest][-1]
            written, found = self.file.set(digest, before, lambda present: present == ours)
            self._done[digest].pop()
        if not written:
            theirs = f"{found.words}, by {found.who or 'somebody'}" if found else "nothing"
            raise BadInput(f"not taken back: the file says something else of this picture since ({theirs})")
        return _told(before)

    def counts(self) -> dict[str, int]:
        """Return how many images were relabelled, kept and left out in this sitting; what is being written counts."""
        with self._turn:
            last = Counter(_WORDS[done[-1][1].what] for done in self._done.values() if done)
        return {word: last[word] for word in _WORDS.values() if last[word]}


def _told(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {"decision": decision.what, "class": decision.label, "who": decision.who, "when": decision.when}
