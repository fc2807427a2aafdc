"""What a sweep found: the best trial by validation, its lead over the next one, and by how much the best flatters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evergreen.judging.statistics import mcnemar, paired
from evergreen.sweeping.importance import LEAST_TRIALS, METHOD, importance
from evergreen.sweeping.naming import in_brackets, trial_name
from evergreen.sweeping.states import ENDED, PRUNED

FOUND = ("best", "lead", "optimism", "flattered_by", "importance", "importance_method", "pruned")
ORDER = "the highest validation accuracy wins; of equal ones the lower validation loss, then the lower number"
OPTIMISM_METHOD = (
    "the mean of the largest of N normal values (N trials, pruned ones among them) times the standard error of an "
    "accuracy on so many images; at most that, as all trials are judged on the same images"
)
_ALIKE = 0.05  # of a p-value: above, chance explains the difference
_RESAMPLES = 9_999
_SEED = 20_251
_BOTH = 2


@dataclass(frozen=True)
class Lead:
    """By how much the best trial leads the next one on the same validation images.

    Attributes:
        over: number of the next one.
        difference: of validation accuracy, best minus next, 0-1.
        low, high: the difference's 95 % interval over images; None where it is not known which images are right.
        test: how it was tested.
        p_value: of that test, two-sided, 0-1; None where nothing was tested.
        words: all of it, for people.
    """

    over: int
    difference: float
    low: float | None
    high: float | None
    test: str
    p_value: float | None
    words: str


def ranking(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the trials that ended well, the best first (``ORDER``); pruned and failed ones are not among them.

    Args:
        trials: as ``sweep.json`` holds them; a validation accuracy that is not finite ended no trial well.
    """
    ended = [trial for trial in trials if trial["state"] in ENDED and is_finite(trial["val_accuracy"])]
    return sorted(ended, key=lambda trial: (-trial["val_accuracy"], _loss(trial), trial["number"]))


def found(
    trials: Sequence[Mapping[str, Any]],
    over: Mapping[str, Any],
    validation: int,
    right: Mapping[int, np.ndarray | None],
) -> dict[str, Any]:
    """Return what ``sweep.json`` says was found: the values that ``FOUND`` names.

    Args:
        trials: as ``sweep.json`` holds them.
        over: dotted path -> ``choices``, or ``low``, ``high`` and ``log``.
        validation: images that every trial was judged on.
        right: number of a trial -> (N,) bool, whether it is right about each validation image, all in one order; of
            several seeds (S, N). The first two of ``ranking`` are asked; one that is None or missing is said.
    """
    ranked = ranking(trials)
    shares = importance(ranked, over)
    return {
        "best": ranked[0]["number"] if ranked else None,
        "lead": asdict(lead(ranked[0], ranked[1], right)) if len(ranked) > 1 else None,
        "optimism": optimism(trials, validation),
        "flattered_by": optimistic_by(trials, validation),
        "importance": shares,
        "importance_method": METHOD if shares else _no_importance(len(ranked), len(over)),
        "pruned": sum(trial["state"] == PRUNED for trial in trials),
    }


def found_before(
    earlier: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], over: Mapping[str, Any], validation: int
) -> dict[str, Any] | None:
    """Return what an earlier sweep found if it tried the very same, so that neither SciPy nor scikit-learn starts.

    Args:
        earlier: values of its ``sweep.json``.
        trials: as ``found`` takes them.
        over: as ``found`` takes it.
        validation: images that every trial was judged on.

    Returns:
        What ``found`` would; None where a trial has other values, another end, another accuracy or another model,
        where the lead could not be tested then, or an earlier version found other things.
    """
    same = earlier.get("over") == over and earlier.get("validation") == validation
    if not same or list(map(_told, earlier["trials"])) != list(map(_told, trials)) or not earlier.keys() >= set(FOUND):
        return None
    if earlier["lead"] and earlier["lead"]["p_value"] is None:
        return None
    return {name: earlier[name] for name in FOUND}


def _told(trial: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what of a trial decides what is found; one that is reused is what it was when it was trained."""
    end = ENDED[0] if trial["state"] in ENDED else trial["state"]
    models = [one["model"] for one in trial["seeds"]]
    return trial["number"], trial["values"], end, trial["val_accuracy"], trial["val_loss"], models


def lead(best: Mapping[str, Any], other: Mapping[str, Any], right: Mapping[int, np.ndarray | None]) -> Lead:
    """Return by how much one trial leads another, tested on the same images.

    Of one seed: McNemar's exact test, and the paired bootstrap of ``judging.statistics``. Of several: each image counts
    by the share of seeds that are right about it, the interval is the bootstrap over images, and the test permutes
    the two trials' shares image by image (both SciPy's, seeded). Neither holds how far seeds differ.

    Args:
        best: the trial that leads.
        other: the trial that it leads.
        right: as ``found`` takes it.
    """
    ours, theirs = right.get(best["number"]), right.get(other["number"])
    if ours is None or theirs is None:
        difference = best["val_accuracy"] - other["val_accuracy"]
        test = "not tested: it is not known which validation images the two are right about"
        low = high = p_value = None
    elif ours.ndim == 1 == theirs.ndim or len(ours) == 1 == len(theirs):
        one, two = ours.reshape(-1), theirs.reshape(-1)
        both = paired(two, one)
        difference, (low, high) = both.gain, both.gain_interval
        p_value = mcnemar(two, one).p_value
        test = f"paired on the same {both.count:,} validation images: McNemar's exact test, bootstrap interval of 95 %"
    else:
        difference, low, high, p_value = _over_seeds(ours.mean(axis=0), theirs.mean(axis=0))
        test = (
            f"paired on the same {ours.shape[-1]:,} validation images, mean over {len(ours)} seeds: permutation test, "
            "bootstrap interval of 95 % over images; how far seeds differ is not in it"
        )
    words = _lead_in_words(best, other, difference, (low, high), p_value)
    return Lead(other["number"], difference, low, high, test, p_value, words)


def expected_maximum(count: int) -> float:
    """Return the mean of the largest of so many independent standard normal values.

    The integral of x n φ(x) Φ(x)^(n-1) (Tippett 1925, Biometrika 17, 364-387): 0 of 1, 0.564 of 2, 1.63 of 12.

    Args:
        count: 1 or more.
    """
    from scipy.integrate import quad
    from scipy.stats import norm

    value, _ = quad(lambda x: x * count * norm.pdf(x) * norm.cdf(x) ** (count - 1), -10, 10)
    return float(value)


def optimism(trials: Sequence[Mapping[str, Any]], validation: int) -> str:
    """Return in words by how much the best of so many trials looks better than it is; empty of fewer than two.

    Were all trials equally good, the best one's accuracy would still lie above the truth, by the mean maximum of as
    many normal values times the binomial standard error √(p(1-p)/n), p the mean accuracy. As all are judged on the same
    images, their errors go together, and the maximum is smaller (Slepian 1962, Bell System Technical Journal 41,
    463-501): the number is a bound. Pruned trials count: they might have won.

    Args:
        trials: as ``sweep.json`` holds them.
        validation: images that every trial was judged on.
    """
    found = optimistic_by(trials, validation)
    if found is None:
        return ""
    count = len(_judged(trials))
    them = "both" if count == _BOTH else f"all {count}"
    return (
        f"with {count} trials the best looks better than it is: were {them} equally good, luck with these "
        f"{validation:,} validation images alone would still lift the best of them by up to {_points(found)} points. "
        "The test images, which no trial saw, will tell: a retraining judges by them"
    )


def optimistic_by(trials: Sequence[Mapping[str, Any]], validation: int) -> float | None:
    """Return the number that ``optimism`` says, as a share of 1; None of fewer than two trials, or of no images."""
    judged = _judged(trials)
    if len(judged) < 2 or validation < 1:
        return None
    mean = sum(judged) / len(judged)
    return expected_maximum(len(judged)) * math.sqrt(max(0.0, mean * (1 - mean)) / validation)


def _judged(trials: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the validation accuracies of trials that might have won."""
    may_win = (*ENDED, PRUNED)
    return [t["val_accuracy"] for t in trials if t["state"] in may_win and is_finite(t["val_accuracy"])]


def _over_seeds(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float, float]:
    """Return difference, its interval and p-value of two (N,) shares of seeds that are right about an image."""
    from scipy.stats import bootstrap, permutation_test

    each = ours - theirs
    mean = float(each.mean())
    if not each.any():
        return 0.0, 0.0, 0.0, 1.0
    if len(set(each.tolist())) == 1:
        return mean, mean, mean, 2.0 ** (1 - len(each))
    random = np.random.default_rng(_SEED)
    limits = bootstrap((each,), np.mean, n_resamples=_RESAMPLES, method="percentile", random_state=random)
    tested = permutation_test(
        (ours, theirs), _mean_difference, permutation_type="samples", n_resamples=_RESAMPLES, random_state=random
    )
    low, high = (round(float(limit), 6) for limit in limits.confidence_interval)
    return mean, low, high, float(tested.pvalue)


def _mean_difference(ours: np.ndarray, theirs: np.ndarray, axis: int = -1) -> np.ndarray:
    difference: np.ndarray = (ours - theirs).mean(axis=axis)
    return difference


def _lead_in_words(
    best: Mapping[str, Any],
    other: Mapping[str, Any],
    difference: float,
    interval: tuple[float | None, float | None],
    p_value: float | None,
) -> str:
    name = trial_name(other)
    if best["val_accuracy"] == other["val_accuracy"]:
        lower = _loss(best) < _loss(other)
        why = "its validation loss is lower" if lower else "its number is lower, and nothing else tells the two apart"
        said = f"it is as accurate as {name}, and comes first because {why}"
    else:
        said = f"it leads {name} by {_points(difference)} points"
    low, high = interval
    if p_value is None or low is None or high is None:
        return f"{said}; whether that is chance is not known"
    chance = "chance alone may do that" if p_value > _ALIKE else "hardly by chance alone"
    return f"{said} (95 % interval {100 * low:+.1f} to {100 * high:+.1f}; p = {p_value:.2g}): {chance}"


def _no_importance(ended: int, values: int) -> str:
    """Return why no importance is told."""
    if ended < LEAST_TRIALS:
        return f"of fewer than {LEAST_TRIALS} trials that ended, nothing can be said"
    if values < 2:
        return "one value alone was varied"
    return "the values of the trials that ended, or their accuracies, do not differ enough to say"


def winner_in_words(trials: Sequence[Mapping[str, Any]]) -> str:
    """Return who won and what it reaches; why nobody did, if nobody did.

    Args:
        trials: as ``sweep.json`` holds them.
    """
    ranked = ranking(trials)
    if not ranked:
        return "no trial ended well, so there is no winner"
    best = ranked[0]
    return f"trial {best['number']} wins: validation accuracy {best['val_accuracy']:.2%}{in_brackets(best['values'])}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _loss(trial: Mapping[str, Any]) -> float:
    return float(trial["val_loss"]) if is_finite(trial["val_loss"]) else math.inf


def is_finite(value: float | None) -> bool:
    """Whether a number is there, and neither NaN nor infinite."""
    return value is not None and math.isfinite(value)
