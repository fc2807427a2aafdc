"""Golden images: a few judged images and what an export answered to them when it was verified; kept in the release.

Whoever opens the export elsewhere, years later or on another machine, shows it these images first: one that answers
otherwise is another model, or has its classes in another order, or is run by something that computes otherwise.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from evergreen.errors import BadInput

FILE, FOLDER = "golden.json", "golden/"
# How far a probability may be from the one that was kept: sums of float32 in another order, or on a processor that
# rounds otherwise, and steps of 1/256 that fall to the other side of a limit through all layers of int8. LiteRT's other
# kernels beside XNNPACK's, 378 images of 6 classes: float32 and float16 below 0.00005, dynamic 0.042, int8 0.059, with
# other answers where the first led by 0.066 or less.
_FLOAT, _QUANTIZED = 0.01, 0.1


@dataclass(frozen=True)
class Golden:
    """Images with the answers that each format gave.

    Attributes:
        classes: in the order of the answers.
        names: SHA-256 of each image's file.
        labels: the class of each image.
        answers: format -> for each image the probability of each class, 0-1.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    answers: Mapping[str, Sequence[Sequence[float]]]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values; each image's file is ``golden/`` and its SHA-256."""
        images = [{"sha256": name, "label": label} for name, label in zip(self.names, self.labels, strict=True)]
        answers = {name: [list(map(float, one)) for one in given] for name, given in self.answers.items()}
        return {"classes": list(self.classes), "images": images, "answers": answers}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Golden":
        """Read what ``as_json`` wrote.

        Raises:
            BadInput: it is something else.
        """
        try:
            read = cls(
                classes=tuple(value["classes"]),
                names=tuple(image["sha256"] for image in value["images"]),
                labels=tuple(image["label"] for image in value["images"]),
                answers={str(name): given for name, given in value["answers"].items()},
            )
            shapes = {(len(given), *map(len, given)) for given in read.answers.values()}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadInput(f"{FILE}: expected images and answers to them; {type(error).__name__}: {error}") from error
        whole = (len(read.names), *(len(read.classes) for _ in read.names))
        if shapes - {whole}:
            raise BadInput(
                f"{FILE}: expected {len(read.classes)} probabilities for each of {len(read.names)} images, received "
                f"{sorted(shapes - {whole})}"
            )
        return read

    def only(self, names: Container[str]) -> "Golden":
        """Return what is known of some of the images, in their order.

        Args:
            names: their SHA-256.
        """
        kept = [at for at, name in enumerate(self.names) if name in names]
        return Golden(
            self.classes,
            tuple(self.names[at] for at in kept),
            tuple(self.labels[at] for at in kept),
            {name: [given[at] for at in kept] for name, given in self.answers.items()},
        )

    def mismatch(self, name: str, classes: Sequence[str], answers: Sequence[Sequence[float]]) -> str:
        """Return how answers differ from those that were kept, in words; empty if they do not.

        Args:
            name: the format that answered; one of ``answers``.
            classes: in the order of the answers.
            answers: to each image the probability of each class; none for one that it could not use.
        """
        if list(classes) != list(self.classes):
            at = next(
                (at for at, pair in enumerate(zip(classes, self.classes, strict=False)) if pair[0] != pair[1]), -1
            )
            found = f"class {at} is {classes[at]}, not {self.classes[at]}" if at >= 0 else f"{len(classes)} classes"
            return f"the classes are not those that it was verified with: {found}, of {len(self.classes)}"
        for image, label, kept, given in zip(self.names, self.labels, self.answers[name], answers, strict=True):
            if why := self._differs(kept, given, tolerance(name)):
                return f"golden image {image[:12]} ({label}): {why}"
        return ""

    def _differs(self, kept: Sequence[float], given: Sequence[float], most: float) -> str:
        if len(given) != len(kept):
            return f"expected {len(kept)} probabilities, received {len(given)}"
        if not all(map(isfinite, given)):
            return "the answer is no number"
        expected, received = (max(range(len(kept)), key=values.__getitem__) for values in (kept, given))
        if expected != received and margin(kept) > most:
            return (
                f"expected {self.classes[expected]} ({kept[expected]:.3f}), received {self.classes[received]} "
                f"({given[received]:.3f})"
            )
        difference, at = max((abs(one - other), at) for at, (one, other) in enumerate(zip(kept, given, strict=True)))
        if difference > most:
            return (
                f"expected {self.classes[at]} with {kept[at]:.3f}, received {given[at]:.3f}; {most:g} is the most by "
                "which processors differ"
            )
        return ""


def tolerance(name: str) -> float:
    """Return how far a probability of a format may be from the one that was kept, 0-1."""
    return _QUANTIZED if name.endswith(("int8", "uint8", "dynamic")) else _FLOAT


def margin(scores: Sequence[float]) -> float:
    """Return by how much the likeliest class leads, 0-1."""
    ordered = sorted(scores, reverse=True)
    return ordered[0] - ordered[1]
