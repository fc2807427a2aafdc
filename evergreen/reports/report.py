"""The report: one self-contained HTML page, and the pictures in it as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.images.thumbnails import data_address, embedded, thumbnail
from evergreen.judging.background import RULE
from evergreen.judging.ended import words
from evergreen.judging.leaning import LEAST_IMAGES, told
from evergreen.judging.metrics import normalized
from evergreen.reports import model_pictures, pictures
from evergreen.reports.page import both, render
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MOST_MISTAKES = 18
_MOST_CLASSES = 30  # that are shown at once
_WEAKEST = 20
_MOST_CONFUSED = 10
_MOST_ROWS = 200
_TINY = 64
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Findings:
    """Everything that a report shows; tables and JSON values are as their steps describe them.

    Attributes:
        judged: the split that numbers are from: test, or validation where there is no test split.
        top_k: how many of the likeliest classes count in ``top_k_accuracy``.
        ended: why the training ended, as ``vision.ended.words`` takes it.
        shortcuts: ``sample`` and ``changes``.
        examples: change -> PNG, ``as it is`` among them.
        export_bytes: format -> size of its files together.
        comparison: with the champion: ``outcome`` in words, ``reasons``, a list of sentences; None if there was none.
    """

    name: str
    title: str
    classes: list[str]
    renames: pd.DataFrame
    dropped: pd.DataFrame
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    dataset: pd.DataFrame
    leakage: pd.DataFrame
    weights: dict[str, float]
    history: pd.DataFrame
    ended: dict[str, Any]
    judged: str
    top_k: int
    metrics: dict[str, dict[str, float]]
    per_class: pd.DataFrame
    averages: dict[str, dict[str, float]]
    confusion: pd.DataFrame
    predictions: pd.DataFrame
    calibration: dict[str, Any]
    reliability: dict[str, list[dict[str, float]]]
    shortcuts: dict[str, Any]
    examples: dict[str, bytes]
    verdict: dict[str, Any]
    exports: list[dict[str, Any]]
    export_bytes: dict[str, int]
    comparison: dict[str, Any]


def report(findings: Findings, read: ReadBlob) -> dict[str, bytes | Path]:
    """Return file name -> bytes: ``report.html`` and its PNG pictures. No clock, so equal findings give equal bytes.

    What differs from run to run (times, what was reused, the recipe) has an empty place on the page, which
    ``this_run.fill_in`` fills in the copy that lies in the run's folder.

    Args:
        findings: what the steps found.
        read: gives an image's bytes for its SHA-256.
    """
    drawn = {
        "loss.png": both(model_pictures.curve, findings.history, "loss"),
        "accuracy.png": both(model_pictures.curve, findings.history, "accuracy"),
        "confusion.png": both(model_pictures.confusion_matrix, findings.confusion),
        "calibration.png": both(model_pictures.reliability, findings.reliability),
    }
    files = {name: light for name, (light, _) in drawn.items()}
    judged = findings.predictions[findings.predictions["split"] == findings.judged]
    hardest = [(row, thumbnail(read(row["sha256"]))) for row in _hardest(findings, judged)]
    wrong = _wrong(findings)
    if len(wrong):
        files["mistakes.png"] = pictures.gallery(_captioned(_hardest(findings, wrong), read))
    counts = findings.dataset.groupby(["label", "split"]).size().unstack(fill_value=0)
    confusion = findings.confusion.iloc[:, 1:].to_numpy().astype(int)
    page = render(
        "report.html.j2",
        found=findings,
        judged=findings.judged,
        sections=_sections(findings),
        splits=[name for name in _SPLITS if name in findings.metrics],
        counts={name: counts.loc[name].to_dict() for name in findings.classes},
        counted=confusion,
        shares=normalized(confusion),
        confused=_confused(findings),
        many=len(findings.classes) > _MOST_CLASSES,
        weakest=_weakest(findings),
        most_rows=_MOST_ROWS,
        pictures=drawn,
        wrong=len(wrong),
        hardest=[row | {"address": embedded(image), "tiny": max(image.shape) < _TINY} for row, image in hardest],
        phases=findings.history["phase"].nunique(),
        ended=words(findings.ended),
        kept_epoch=model_pictures.kept_epoch(findings.history),
        leaning=told(**findings.shortcuts),
        least_images=LEAST_IMAGES,
        background_rule=RULE,
        examples={name: data_address(data) for name, data in _examples_in_order(findings).items()},
    )
    return {"report.html": page, **files}


def _sections(findings: Findings) -> list[str]:
    shortcuts = ["Shortcuts"] if findings.shortcuts["changes"] else []
    first = ["Per class", "Confusion matrix", "Training", "Calibration", "Highest loss"]
    return [*first, *shortcuts, "Data", "Exports", "This run"]


def _hardest(findings: Findings, predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the images of the highest loss among some predictions, hardest first."""
    worst = predictions.astype({"loss": float, "probability": float})
    worst = worst.sort_values(["loss", "path"], ascending=[False, True]).head(_MOST_MISTAKES)
    return list(worst.merge(findings.dataset[["path", "sha256"]], on="path").to_dict("records"))


def _weakest(findings: Findings) -> list[dict[str, Any]]:
    """Return the classes of the lowest F1, the lowest first."""
    order = findings.per_class["f1"].astype(float).argsort(kind="stable")
    return list(findings.per_class.iloc[order[:_WEAKEST]].to_dict("records"))


def _captioned(rows: list[dict[str, Any]], read: ReadBlob) -> list[tuple[np.ndarray, str]]:
    return [
        (thumbnail(read(row["sha256"])), f"{row['label']}, answered\n{row['predicted']} ({row['probability']:.0%})")
        for row in rows
    ]


def _wrong(findings: Findings) -> pd.DataFrame:
    """Return the predictions of judged images that are answered wrong."""
    judged = findings.predictions[findings.predictions["split"] == findings.judged]
    return judged[judged["label"] != judged["predicted"]]


def _confused(findings: Findings) -> list[dict[str, Any]]:
    """Return the pairs of true class and wrong answer with most images."""
    judged = findings.predictions[findings.predictions["split"] == findings.judged]
    pairs = _wrong(findings).groupby(["label", "predicted"]).size().reset_index(name="count")
    pairs["share"] = pairs["count"] / pairs["label"].map(judged["label"].value_counts())
    pairs = pairs.sort_values(["count", "share", "label", "predicted"], ascending=[False, False, True, True])
    return list(pairs.head(_MOST_CONFUSED).to_dict("records"))


def _examples_in_order(findings: Findings) -> dict[str, bytes]:
    names = ["as it is", *(row["name"] for row in findings.shortcuts["changes"])]
    return {name: findings.examples[name] for name in names if name in findings.examples}
