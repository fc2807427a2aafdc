"""What somebody says of an image that a service answered: kept beside the answer, no more until it is confirmed."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evergreen.errors import BadInput, EvergreenError
from runs.serving.feedback.files import lines_of
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log, now, stamp

MOST_LETTERS = 200  # of a class
_MOST_LETTERS_OF_WHO = 100
MOST_OF_ONE = 100  # truths about one image
_SHARE = 0.1  # of the cap, that truths may take
_SHOWN = 12


class NotKept(EvergreenError):
    """No answer about the image is in the log, or is any more."""


class NoRoom(EvergreenError):
    """More truths were given than are kept."""


@dataclass(frozen=True)
class Truth:
    """What somebody said.

    Attributes:
        sha256: of the image's bytes.
        label: what it is.
        by: who said so, as he calls himself; empty if he did not say.
        time: when, UTC.
        new_class: whether it is no class of the release that answered then.
        release: SHA-256 of the release that answered the image last before.
        answered: the class that it answered, and its probability; None if that is not known.
    """

    sha256: str
    label: str
    by: str = ""
    time: str = ""
    new_class: bool = False
    release: str = ""
    answered: tuple[str, float] | None = None

    @classmethod
    def of(cls, line: dict[str, Any]) -> "Truth | None":
        """Return the truth of a line of a log; None if it is none."""
        top = line.get("answered")
        texts = [line.get(name, "") for name in ("label", "by", "release")]
        if not texts[0] or not all(isinstance(text, str) for text in texts):
            return None
        answered = _pair(top)
        return cls(line["sha256"], texts[0], texts[1], line["time"], line.get("new_class") is True, texts[2], answered)

    def as_line(self) -> dict[str, Any]:
        """Return it as a line of a log."""
        names = ("time", "sha256", "label", "by", "new_class", "release")
        return {name: getattr(self, name) for name in names} | {"answered": self.answered}


def checked_label(label: str, classes: Sequence[str], *, new_class: bool) -> None:
    """Refuse a label that is neither a class nor said to be a new one.

    Raises:
        BadInput: it is not, or no class can be called so.
    """
    if label in classes:
        return
    if not new_class:
        near = difflib.get_close_matches(label[:MOST_LETTERS], classes, n=1)
        more = f" and {len(classes) - _SHOWN:,} more" if len(classes) > _SHOWN else ""
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise BadInput(
            f"expected a class of the model ({', '.join(classes[:_SHOWN])}{more}), received {label[:80]!r}{hint} If it "
            'is a class that the model does not know yet, say "new_class": true'
        )
    if why := why_no_class(label):
        raise BadInput(f"expected the name of a class, received {label[:80]!r}: {why}")


def why_no_class(label: str) -> str:
    """Return why no class should be called so, or an empty string."""
    if not label or label != label.strip():
        return "it is empty, or has blanks around it"
    if len(label) > MOST_LETTERS:
        return f"it has over {MOST_LETTERS} letters"
    if not label.isprintable():
        return "it has letters that cannot be printed"
    if "/" in label or label[0] in ".@":  # what is confirmed lies in a folder of its name
        return "it holds a / or begins with . or @"
    return ""


def truths_of(log: Log) -> Iterator[Truth]:
    """Yield all truths that were given, the oldest first."""
    for line in log.lines("truths"):
        if (found := Truth.of(line)) is not None:
            yield found


def latest(log: Log) -> dict[str, Truth]:
    """Return SHA-256 -> what was said of an image last."""
    return {truth.sha256: truth for truth in truths_of(log)}


def give(
    keeper: Keeper,
    recipe: str,
    digest: str,
    label: str,
    classes: Sequence[str],
    by: str = "",
    *,
    new_class: bool = False,
) -> tuple[Truth, bool]:
    """Keep a truth about an image that was answered, and return it, and whether it is new. Waits for the disk.

    The same once more changes nothing; another one counts from then on, and the earlier ones stay.

    Args:
        keeper: of the service that answered.
        recipe: its name.
        digest: SHA-256 of the image's bytes.
        label: what it is.
        classes: of the release that answers now.
        by: who says so.
        new_class: whether a label that is none of the classes is meant.

    Raises:
        BadInput: the label is none, or the digest; or who says so is no name.
        NotKept: no answer about it is in the log.
        NoRoom: too much was said of it, or of all.
        OSError: it cannot be written.
    """
    log = Log(keeper.root, recipe)
    log.picture(digest)  # raises if it is no digest
    checked_label(label, classes, new_class=new_class)
    if len(by) > _MOST_LETTERS_OF_WHO or not by.isprintable():
        raise BadInput(f"by: expected up to {_MOST_LETTERS_OF_WHO} letters that can be printed")
    keeper.settled(digest)
    with keeper.turn():
        answer = log.last("answers", digest)
        if answer is None:
            raise NotKept(
                f"no answer about an image of the digest {digest[:12]}... is kept of {recipe}: only a share of the "
                "answers is, and those for a time"
            )
        said = [truth for truth in _about(log, digest) if truth is not None]
        top = answer.get("top")
        about = str(answer.get("release", "")), _pair(top[0] if isinstance(top, list) and top else None)
        truth = Truth(digest, label, by, stamp(now()), label not in classes, *about)
        if said and (said[-1].label, said[-1].by) == (label, by):
            return said[-1], False
        if len(said) >= MOST_OF_ONE:
            raise NoRoom(
                f"{MOST_OF_ONE} truths about this image are kept, as many as may be: a person has to look at it"
            )
        if sum(path.stat().st_size for path in log.days("truths")) > _SHARE * keeper.cap:
            raise NoRoom("as many truths are kept as may be: a person has to look at them")
        line = truth.as_line()
        keeper.make_room(1024)
        keeper.took(log.append("truths", [line], f"{now():%Y-%m-%d}", flush=True))
        keeper.counters.truths += 1
        return truth, True


def _pair(top: Any) -> tuple[str, float] | None:
    """Return a class and its probability as a log has them; None of what is something else."""
    if isinstance(top, list) and len(top) == 2 and isinstance(top[0], str) and isinstance(top[1], int | float):
        return top[0], float(top[1])
    return None


def _about(log: Log, digest: str) -> Iterator[Truth | None]:
    for path in log.days("truths"):
        for line in lines_of(path):
            if line["sha256"] == digest:
                yield Truth.of(line)
