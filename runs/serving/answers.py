"""What is asked of a service and what it answers, whatever protocol carries it."""

from collections.abc import Sequence
from ctypes import c_float
from dataclasses import dataclass, field
from typing import Any, Protocol

from evergreen.errors import EvergreenError
from evergreen.sections.data import Image, Screen

_DIGITS = 6  # as evergreen predict writes probabilities


@dataclass(frozen=True)
class Release:
    """A model that a service holds ready.

    Attributes:
        recipe: the recipe's name.
        release: SHA-256 of the release; of the model, where a run was named that has no release.
        model: SHA-256 of what train gave.
        format: the export format that answers.
        classes: class names in the order of the scores.
        image: how the model is fed.
        screen: the limits of its own images, and which of their values are black and white.
        threshold: top-1 probability below which an answer is unsure, infinite if on validation none was high enough;
            None if its evaluation chose none.
        proved: whether it gave the answers to its golden images that it gave when it was verified; None if its release
            is of before there were any.
        run: id of the run that made it, if a record tells.
        since: UTC time, ISO 8601, at which it became the one that answers; empty for one that never was.
    """

    recipe: str
    release: str
    model: str
    format: str
    classes: tuple[str, ...]
    image: Image
    screen: Screen
    threshold: float | None
    proved: bool | None = None
    run: str | None = None
    since: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return which model answers: recipe, release, model, run, format, proved, since."""
        names = ("recipe", "release", "model", "run", "format", "proved", "since")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Answered:
    """What a model says of one image.

    Attributes:
        sha256: of the image's bytes.
        scores: K probabilities in the order of the classes; empty if it is no image that can be used.
        error: why it cannot be used; empty if it can.
        seconds: that the decoder and the model took, without waiting.
    """

    sha256: str
    scores: tuple[float, ...] = ()
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Answers:
    """What one request is answered.

    Attributes:
        release: the one that answered all of it.
        images: in the order of the request.
        seconds: from the request's body being there to the last answer.
        canary: whether the release is not the champion but one that gets a share of the requests.
    """

    release: Release
    images: tuple[Answered, ...]
    seconds: float
    canary: bool = False

    def top(self, answered: Answered, count: int) -> list[dict[str, Any]]:
        """Return the likeliest classes, likeliest first, as `evergreen predict --json` does: label, probability."""
        scores = answered.scores
        order = sorted(range(len(scores)), key=lambda index: (scores[index], index), reverse=True)[:count]
        return [{"label": self.release.classes[index], "probability": round(scores[index], _DIGITS)} for index in order]

    def unsure(self, answered: Answered) -> bool | None:
        """Return whether an answer is below the release's threshold; None where there is none."""
        threshold = self.release.threshold
        if threshold is None:
            return None
        return max(answered.scores) < c_float(threshold).value  # as single precision, in which scores are


class NotAnswered(EvergreenError):
    """A request gets no answer.

    Attributes:
        status: of HTTP.
        retry_after: seconds after which it may be asked again; None where that would change nothing.
    """

    status = 503
    retry_after: int | None = None

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after or self.retry_after


class NotServed(NotAnswered):
    """No such recipe is served here."""

    status = 404


class Busy(NotAnswered):
    """As many images wait as may."""

    status, retry_after = 429, 1


class TooSlow(NotAnswered):
    """It took longer than a request may."""

    status = 504


class WorkerLost(NotAnswered):
    """The process that answered it ended."""

    retry_after = 1


class Answering(Protocol):
    """What protocols ask."""

    @property
    def recipes(self) -> Sequence[str]:
        """The recipes that are served, by name."""

    def release_of(self, recipe: str) -> Release:
        """Return the champion that answers for a recipe now.

        Raises:
            NotServed: the recipe is not served, or has nothing that could answer.
        """

    async def answer(self, recipe: str, images: Sequence[bytes]) -> Answers:
        """Answer for images, all by one release; a bad one stops no other.

        Raises:
            NotServed, Busy, TooSlow, WorkerLost.
        """


@dataclass(frozen=True)
class Asked:
    """What was asked and answered, for whoever listens: the log, a challenger.

    Attributes:
        answers: what was answered.
        images: the bytes, in the order of the answers.
        time: UTC, ISO 8601, to the millisecond.
    """

    answers: Answers
    images: Sequence[bytes] = field(repr=False)
    time: str = ""
