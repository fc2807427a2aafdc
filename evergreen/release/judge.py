"""The gate: may a challenger become champion? Every check is a sentence, and the verdict follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evergreen.judging.judged import judged_split
from evergreen.judging.leaning import LEAST_IMAGES
from evergreen.judging.metrics import wilson
from evergreen.judging.statistics import McNemar, Paired, mcnemar, paired
from evergreen.release.shared import Shared

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.release import Gate

Verdict = Literal["promote", "rejected", "cannot compare"]

_BY_HAND = "a person may decide: evergreen promote REF"
_UNDERFIT = "underfit"
_STABLE = "With split.method: stable no image changes sides, so test images stay comparable from run to run"


@dataclass(frozen=True)
class Challenger:
    """What is known of the model that wants to become champion.

    Attributes:
        dataset: path, label, sha256, pixels, phash, split.
        classes: class names.
        predictions: one row an image: path, label, split, predicted.
        verified: format -> passed, failed or not verified.
        fit: underfit, good fit or overfit, as ``judging.verdict`` calls it.
        shortcuts: what it lost under each change: what ``shortcuts.Loss.as_json`` returns.
    """

    dataset: pd.DataFrame
    classes: Sequence[str]
    predictions: pd.DataFrame
    verified: Mapping[str, str]
    fit: str
    shortcuts: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Check:
    """One thing that the gate asks for, as a sentence with its numbers."""

    passed: bool
    text: str


@dataclass(frozen=True)
class Comparison:
    """A verdict and all that led to it.

    Attributes:
        verdict: promote, rejected or cannot compare.
        summary: the verdict's reason in one line.
        checks: every check that was made.
        split: the split of the challenger's images that it was judged on.
        accuracy: the challenger's accuracy on that split, 0-1.
        count: how many images that is.
        shared: held_out, seen, near and images, as counts of pictures; empty without a champion.
        overall: both models on the shared images; None if they were not compared.
        classes: the same for each class that has shared images.
        mcnemar: of all shared images; None if they were not compared.
        worth: whether a first model is better than the largest class, and not underfit; None of any other.
    """

    verdict: Verdict
    summary: str
    checks: list[Check]
    split: str
    accuracy: float
    count: int
    shared: dict[str, int] = field(default_factory=dict)
    overall: Paired | None = None
    classes: dict[str, Paired] = field(default_factory=dict)
    mcnemar: McNemar | None = None
    worth: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {
            "overall": self.overall.as_json() if self.overall else None,
            "classes": [{"label": label} | both.as_json() for label, both in self.classes.items()],
        }


def judge_first(challenger: Challenger, gate: Gate) -> Comparison:
    """Judge a model that has no champion to beat: by the floors, the formats, and whether it is worth the title.

    Without a champion there is nothing to be better than but the answer that needs no model, the largest class: the
    95 % interval of its accuracy (Wilson) must lie above that class's share of the judged images. Nor may it be
    underfit.
    """
    worth = list(_worth(challenger))
    found = _concluded(
        [*_floors(challenger, gate), *_formats(challenger, gate), *worth],
        challenger,
        f"the first champion: {worth[0].text}",
    )
    if all(check.passed for check in worth):
        return replace(found, worth=True)
    return replace(found, summary=f"{found.summary}; {_BY_HAND}", worth=False)


def refuse_other_classes(challenger: Challenger, champion: Sequence[str], gate: Gate) -> Comparison | None:
    """Return the answer for models of different class sets, which cannot be compared; None if the sets are equal."""
    added, gone = set(challenger.classes) - set(champion), set(champion) - set(challenger.classes)
    if not added and not gone:
        return None
    words = [f"{what} {', '.join(sorted(names))}" for what, names in (("new:", added), ("gone:", gone)) if names]
    return _incomparable(challenger, gate, f"other classes than the champion's ({'; '.join(words)})")


def refuse_too_few(challenger: Challenger, shared: Shared, gate: Gate) -> Comparison | None:
    """Return the answer where too few images are left to compare on; None if there are enough."""
    if len(shared.images) < gate.min_images:
        left_out = f"it learned from {shared.seen} and from near-duplicates of {shared.near}"
        reason = (
            f"{len(shared.images)} of {shared.held_out} {shared.split} images are new to the champion ({left_out}); "
            f"gate.min_images asks for {gate.min_images}. {_STABLE}"
        )
        return _incomparable(challenger, gate, reason, _counts(shared))
    empty = sorted(set(challenger.classes) - set(shared.images["label"]))
    if empty and gate.max_class_drop < 1:
        reason = f"no image of {', '.join(empty)} is new to the champion, so gate.max_class_drop is unknown. {_STABLE}"
        return _incomparable(challenger, gate, reason, _counts(shared))
    return None


def refuse_unreadable(challenger: Challenger, why: str, gate: Gate) -> Comparison:
    """Return the answer where the champion knows no ``screen.range``, and cannot read an image without one."""
    return _incomparable(challenger, gate, f"the champion, which was trained without screen.range, cannot read {why}")


def judge_against(challenger: Challenger, shared: Shared, answers: Sequence[str], gate: Gate) -> Comparison:
    """Judge a challenger by what it and the champion say of the same images.

    Args:
        challenger: it must have predictions of the shared images.
        shared: the images, at least one.
        answers: the champion's class for each of them.
        gate: the bars.
    """
    images = shared.images.merge(challenger.predictions[["path", "predicted"]], on="path", validate="one_to_one")
    truth = images["label"].to_numpy()
    champion, own = np.asarray(answers) == truth, images["predicted"].to_numpy() == truth
    overall, test = paired(champion, own), mcnemar(champion, own)
    present = [label for label in challenger.classes if (truth == label).any()]
    classes = {label: paired(champion[truth == label], own[truth == label]) for label in present}
    gain = _gain(overall, test, gate)
    checks = [*_floors(challenger, gate), *_formats(challenger, gate), gain, _drop(classes, gate)]
    found = _concluded(checks, challenger, f"better than the champion: {gain.text}")
    return replace(found, shared=_counts(shared), overall=overall, classes=classes, mcnemar=test)


# -- checks ------------------------------------------------------------------------------------------------------------


def _worth(challenger: Challenger) -> Iterator[Check]:
    judged, split = _judged(challenger)
    right, count = int((judged["label"] == judged["predicted"]).sum()), len(judged)
    low, high = wilson(right, count) if count else (0.0, 0.0)
    largest = max((int(images) for images in judged["label"].value_counts()), default=0)
    share = largest / count if count else 0.0
    yield Check(
        low > share,
        f"accuracy {right / max(1, count):.2%} ({low:.1%} to {high:.1%}) of {count} {split} images; a first champion's "
        f"whole interval is above {share:.2%}, which always answering the largest class is right on",
    )
    yield Check(challenger.fit != _UNDERFIT, f"{challenger.fit}; a first champion must not be {_UNDERFIT}")


def _floors(challenger: Challenger, gate: Gate) -> Iterator[Check]:
    judged, split = _judged(challenger)
    right = judged["label"] == judged["predicted"]
    accuracy = _share(right)
    yield Check(
        accuracy >= gate.min_accuracy,
        f"accuracy {accuracy:.2%} of {len(judged)} {split} images; gate.min_accuracy asks for {gate.min_accuracy:.2%}",
    )
    recalls = {label: _share(right[judged["label"] == label]) for label in challenger.classes}
    worst = min(recalls, key=lambda label: recalls[label])
    unknown = "" if (judged["label"] == worst).any() else f" (there is no {split} image of it)"
    yield Check(
        recalls[worst] >= gate.min_recall_per_class,
        f"recall of {worst} {recalls[worst]:.2%}{unknown}, the lowest; gate.min_recall_per_class asks for "
        f"{gate.min_recall_per_class:.2%}",
    )
    if gate.max_shortcut_loss is not None:
        yield _leaning(challenger.shortcuts, gate.max_shortcut_loss)


def _leaning(shortcuts: Sequence[Mapping[str, Any]], most: float) -> Check:
    asked = f"gate.max_shortcut_loss allows {100 * most:.2f} points"
    unknown = [change["name"] for change in shortcuts if change["lost"] is None]
    measured = [change for change in shortcuts if change["lost"] is not None]
    if not measured:
        return Check(False, f"no change of the table of shortcuts could be made to {LEAST_IMAGES} images; {asked}")
    worst = max(measured, key=lambda change: float(change["lost"]))
    return Check(
        worst["lost"] <= most,
        f"{worst['name']} costs {100 * worst['lost']:.2f} points of accuracy ({100 * worst['lost_low']:.1f} to "
        f"{100 * worst['lost_high']:.1f}) on {worst['count']} images, the most of {len(measured)} changes; {asked}"
        + (f"; not measured, on fewer than {LEAST_IMAGES} images: {', '.join(unknown)}" if unknown else ""),
    )


def _formats(challenger: Challenger, gate: Gate) -> Iterator[Check]:
    for name in gate.require_verified:
        found = challenger.verified.get(name, "not exported")
        yield Check(found == "passed", f"export {name}: {found}; gate.require_verified names it")


def _gain(overall: Paired, test: McNemar, gate: Gate) -> Check:
    return Check(
        overall.gain > gate.min_gain,
        f"accuracy {overall.challenger:.2%} against the champion's {overall.champion:.2%} on {overall.count} shared "
        f"images ({100 * overall.gain:+.2f} points, McNemar's p {test.p_value:.3g}); gate.min_gain asks for more than "
        f"{100 * gate.min_gain:+.2f}",
    )


def _drop(classes: Mapping[str, Paired], gate: Gate) -> Check:
    worst = min(classes, key=lambda label: classes[label].gain)
    return Check(
        -classes[worst].gain <= gate.max_class_drop,
        f"recall of {worst} {100 * classes[worst].gain:+.2f} points on {classes[worst].count} shared images, the worst "
        f"change of a class; gate.max_class_drop allows {-100 * gate.max_class_drop:+.2f}",
    )


# -- verdicts ----------------------------------------------------------------------------------------------------------


def _concluded(checks: list[Check], challenger: Challenger, praise: str) -> Comparison:
    judged, split = _judged(challenger)
    failed = [check.text for check in checks if not check.passed]
    accuracy = _share(judged["label"] == judged["predicted"])
    verdict: Verdict = "rejected" if failed else "promote"
    return Comparison(verdict, "; ".join(failed) or praise, checks, split, accuracy, len(judged))


def _incomparable(challenger: Challenger, gate: Gate, reason: str, shared: dict[str, int] | None = None) -> Comparison:
    checks = [*_floors(challenger, gate), *_formats(challenger, gate), Check(False, f"{reason}; {_BY_HAND}")]
    found = _concluded(checks, challenger, "")
    return replace(found, verdict="cannot compare", summary=checks[-1].text, shared=shared or {})


def _judged(challenger: Challenger) -> tuple[pd.DataFrame, str]:
    split = judged_split(challenger.dataset["split"])
    return challenger.predictions[challenger.predictions["split"] == split], split


def _share(right: pd.Series) -> float:
    return int(right.sum()) / len(right) if len(right) else 0.0


def _counts(shared: Shared) -> dict[str, int]:
    return {"held_out": shared.held_out, "seen": shared.seen, "near": shared.near, "images": len(shared.images)}
