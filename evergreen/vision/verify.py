"""Verify exports: each is run by its own runtime, in a process of its own, and must answer as the Keras model does."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.judging.judged import judged_images
from evergreen.release.golden import Golden
from evergreen.vision.formats import card
from evergreen.vision.formats.bars import Shown, judge
from evergreen.vision.formats.catalogue.names import family
from evergreen.vision.formats.contract import LABELS, Answers, Predictor, RuntimeNotInstalled
from evergreen.vision.formats.registry import OPEN_PREDICTOR, Runtime, runtimes
from evergreen.vision.formats.verification import MOST_MOVED, RuntimeResult, Speed, Verification, together
from evergreen.vision.golden import golden_images
from evergreen.vision.networks import runtime, saving

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.release import Verify


# What programs put into their messages: lines of TensorFlow's log, files in temporary folders, addresses, the time.
_OF_THE_MOMENT = (
    (re.compile(r"^(?:[IWEF]\d{4} |\d{4}-\d\d-\d\d |WARNING: All log messages before absl).*\n?", re.M), ""),
    (re.compile(re.escape(tempfile.gettempdir()) + r"/[^\s/'\"]+"), "TEMPORARY"),
    (re.compile(r"\b0x[0-9a-f]+\b"), "0x"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1"),
)
_LONGEST = 2000


@dataclass(frozen=True)
class Verified:
    """What all exports showed.

    Attributes:
        results: one entry a format.
        golden: a few of the images, with the answers of each format that LiteRT runs; None where it ran none.
        files: their bytes, by SHA-256.
    """

    results: list[Verification]
    golden: Golden | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """What every export is asked, and what is expected: N images of (H, W, 3) uint8, and Keras' answers to them."""

    paths: list[str]
    batch: np.ndarray
    truth: np.ndarray
    reference: np.ndarray
    classes: list[str]
    bars: Verify


def verify(
    dataset: pd.DataFrame,
    images: Images,
    classes: list[str],
    recipe: Recipe,
    model_file: Path,
    exports: Path,
    formats: list[str],
) -> Verified:
    """Run every export on the test images (a stratified sample if there are many) against the Keras model.

    Everything but the speeds depends on the inputs alone; those are of the machine and the moment.

    Args:
        dataset: path, label, sha256, split.
        images: where they are read, and where their pixels are kept.
        classes: class names in order; every export must carry the same.
        recipe: its ``verify``, ``image`` and ``seed`` are read.
        model_file: the ``.keras`` file that is the reference.
        exports: a folder with one folder a format.
        formats: the formats to verify.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    runtime.start()
    sample = pixels.stratified_sample(judged_images(dataset), recipe.verify.images, recipe.seed)
    rows = images.rows(sample, recipe.image)
    asked = _Asked(
        paths=list(sample["path"]),
        batch=rows.gather(np.arange(len(rows))),
        truth=pixels.targets(sample["label"], classes),
        reference=pixels.scores(saving.load(model_file, classes), rows),
        classes=classes,
        bars=recipe.verify,
    )
    answers: dict[str, np.ndarray] = {}
    results = [_verify(name, exports / name, asked, answers) for name in formats]
    if not answers:
        return Verified(results)
    passed = {result.format for result in results if result.verified == "passed"}
    return Verified(results, *golden_images(sample, classes, answers, images.read, passed))


def _verify(name: str, folder: Path, asked: _Asked, kept: dict[str, np.ndarray]) -> Verification:
    """Run one format in each of its runtimes, and keep what LiteRT answered."""
    results = []
    moved: list[dict[str, Any]] = []
    for one in runtimes(name):
        try:
            answers = _answers(folder, one.open_predictor, asked)
        except RuntimeNotInstalled as error:
            results.append(RuntimeResult(one.name, "not verified", _said(str(error), folder), needed=one.needed))
            continue
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises, this export has failed
            words = _said(f"{type(error).__name__}: {error}", folder)
            results.append(RuntimeResult(one.name, "failed", words, needed=one.needed))
            continue
        if family(name) == "tflite" and one.open_predictor is OPEN_PREDICTOR[name]:
            kept[name] = answers.scores
        shown = judge(name, answers.scores, asked.reference, asked.truth, asked.bars)
        results.append(_result(one, shown, answers))
        moved += _moved(one.name, answers.scores, asked)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return together(name, results, moved, size, len(asked.truth))


def _said(words: str, folder: Path) -> str:
    """Return what an error says as it will be said the next time: without logs, folders of the moment and addresses."""
    words = words.replace(str(folder), folder.name)
    for pattern, plain in _OF_THE_MOMENT:
        words = pattern.sub(plain, words)
    half = _LONGEST // 2
    return words if len(words) <= _LONGEST else f"{words[:half]} ... {words[-half:]}"


def _answers(folder: Path, opener: Callable[[Path], Predictor], asked: _Asked) -> Answers:
    """Return one runtime's answers.

    Raises:
        ExportRefused: the class order or the shape of the scores is another than expected, or the runtime refuses.
        RuntimeNotInstalled: it is not on this machine.
    """
    for file, names in zip((LABELS, card.CARD), card.read_classes(folder), strict=True):
        _assert_order(file, names, asked.classes)
    answers = opener(folder).run(asked.batch)
    if answers.classes is not None:
        _assert_order("the model itself", answers.classes, asked.classes)
    if answers.scores.shape != asked.reference.shape:
        raise ExportRefused(f"expected scores of shape {asked.reference.shape}, received {answers.scores.shape}")
    return answers


def _assert_order(where: str, received: list[str], expected: list[str]) -> None:
    if received != expected:
        raise ExportRefused(f"class order: expected {expected}, {where} says {received}")


def _result(one: Runtime, shown: Shown, answers: Answers) -> RuntimeResult:
    milliseconds = answers.seconds * 1000
    return RuntimeResult(
        runtime=one.name,
        needed=one.needed,
        verified="passed" if shown.passed else "failed",
        reason=shown.reason,
        agreement=shown.agreement,
        max_difference=shown.max_difference,
        accuracy=shown.accuracy,
        accuracy_low=shown.accuracy_low,
        accuracy_high=shown.accuracy_high,
        accuracy_lost=shown.accuracy_lost,
        threads=answers.threads,
        speed=Speed(
            load_seconds=round(answers.load_seconds, 4),
            median_ms=round(float(np.median(milliseconds)), 3),
            p95_ms=round(float(np.percentile(milliseconds, 95)), 3),
        ),
    )


def _moved(where: str, scores: np.ndarray, asked: _Asked) -> list[dict[str, Any]]:
    """Return the images whose probabilities differ most from Keras', the most moved first."""
    difference = np.abs(scores - asked.reference).max(axis=1)
    most = np.argsort(-difference, kind="stable")[:MOST_MOVED]
    return [
        {
            "path": asked.paths[index],
            "label": asked.classes[asked.truth[index]],
            "keras": asked.classes[asked.reference[index].argmax()],
            "answer": asked.classes[scores[index].argmax()],
            "difference": float(difference[index]),
            "runtime": where,
        }
        for index in most
    ]
