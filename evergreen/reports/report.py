"""The report: one self-contained HTML page, and the pictures in it as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.datasets.deciding.undecided import decided_in_words
from evergreen.diagnosing.beside import beside as without_suspects
from evergreen.images.backgrounds.told import words as backgrounds
from evergreen.images.backgrounds.uniform import RULE
from evergreen.images.thumbnails import data_address, embedded, thumbnail
from evergreen.judging.baseline import Baseline, beside
from evergreen.judging.calibration import in_words
from evergreen.judging.ended import words
from evergreen.judging.leaning import LEAST_IMAGES, told
from evergreen.judging.metrics import normalized
from evergreen.judging.taught import words as taught
from evergreen.reports import model_pictures, pictures
from evergreen.reports.explaining.shown import shown_heat
from evergreen.reports.found import Calibrated, Data, Diagnosed, Evaluated, Exported, Heats, Shortcuts, Trained
from evergreen.reports.looking.looked_at import Looking, looked_at
from evergreen.reports.page import both, render
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_MOST_MISTAKES = 18
_MOST_SHOWN = 6  # of them before a person asks for more
_MOST_SUSPECTS = 12
_MOST_CLASSES = 30  # that are shown at once
_WEAKEST = 20
_MOST_CONFUSED = 10
_MOST_PAIRS = 30  # of so many classes that they open in place of the matrix's cells
_MOST_ROWS = 200
_TINY = 64
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Findings:
    """Everything that a report shows.

    Attributes:
        name, title: the recipe's.
        baseline: what a linear probe reaches on the same images, or why there is none.
        comparison: what compare found, with the champion or without one: verdict, summary, checks, split, classes and
            shared.
        diagnosis: which labels are suspect.
        folds: what ``judging.folds.Pooled.as_json`` returned, with ``per_class``; None where the recipe asks for none.
        looking: gives pictures of judged images, and where they lie in a plane; None shows neither.
        heat: heat maps of some judged images.
    """

    name: str
    title: str
    data: Data
    training: Trained
    evaluation: Evaluated
    baseline: Baseline
    calibration: Calibrated
    shortcuts: Shortcuts
    exports: Exported
    comparison: dict[str, Any]
    diagnosis: Diagnosed
    folds: dict[str, Any] | None = None
    looking: Looking | None = None
    heat: Heats | None = None


def report(findings: Findings, read: ReadBlob) -> dict[str, bytes | Path]:
    """Return file name -> bytes: ``report.html`` and its PNG pictures. No clock, so equal findings give equal bytes.

    What differs from run to run (times, what was reused, the recipe) has an empty place on the page, which
    ``this_run.fill_in`` fills in the copy that lies in the run's folder.

    Args:
        findings: what the steps found.
        read: gives an image's bytes for its SHA-256.
    """
    evaluation, splits = findings.evaluation, findings.data.splits
    drawn = {
        "loss.png": both(model_pictures.curve, findings.training.history, "loss"),
        "accuracy.png": both(model_pictures.curve, findings.training.history, "accuracy"),
        "confusion.png": both(model_pictures.confusion_matrix, evaluation.confusion),
        "calibration.png": both(model_pictures.reliability, findings.calibration.reliability),
    }
    files = {name: light for name, (light, _) in drawn.items()}

    def small(row: dict[str, Any]) -> np.ndarray:
        return thumbnail(read(row["sha256"]), values=findings.data.screening.values)

    left = findings.diagnosis.left()
    hardest = [(row, small(row)) for row in _hardest(findings, evaluation.judged_predictions)]
    doubtful = [_shown(row, small(row)) for row in _doubtful(findings, left)]
    wrong = evaluation.wrong
    if len(wrong):
        files["mistakes.png"] = pictures.gallery(_captioned(_hardest(findings, wrong), small))
    counts = splits.dataset.groupby(["label", "split"]).size().unstack(fill_value=0)
    confusion = evaluation.confusion.iloc[:, 1:].to_numpy().astype(int)
    many = len(splits.classes) > _MOST_CLASSES
    confused = _confused(findings, _MOST_PAIRS if many else _MOST_CONFUSED)
    pairs = [(row["label"], row["predicted"]) for row in confused] if many else None
    looked = looked_at(
        findings.looking, evaluation.judged_predictions, splits.classes, findings.calibration.facts, pairs
    )
    index = {name: position for position, name in enumerate(splits.classes)}
    for row in confused:
        row["opens"] = looked["open_at"].get((index[row["label"]], index[row["predicted"]]))
    page = render(
        "report.html.j2",
        found=findings,
        judged=evaluation.judged,
        baseline=beside(findings.baseline, evaluation.predictions),
        sections=_sections(findings, mapped=looked["map"] is not None),
        splits=[name for name in _SPLITS if name in evaluation.metrics],
        counts={name: counts.loc[name].to_dict() for name in splits.classes},
        counted=confusion,
        shares=normalized(confusion),
        confused=confused,
        many=many,
        weakest=_weakest(findings),
        most_rows=_MOST_ROWS,
        most_shown=_MOST_SHOWN,
        pictures=drawn,
        wrong=len(wrong),
        hardest=[_shown(row, image) for row, image in hardest],
        heat=shown_heat(findings.heat, _with_digests(findings), small),
        doubtful=doubtful,
        left=len(left),
        decided=decided_in_words(len(findings.diagnosis.suspects), len(left)),
        not_suspect=without_suspects(
            findings.diagnosis.facts, findings.diagnosis.suspects, _with_digests(findings), evaluation.judged
        ),
        phases=findings.training.history["phase"].nunique(),
        ended=words(findings.training.ended),
        behind=backgrounds(findings.training.backgrounds) if findings.training.backgrounds else "",
        taught=taught(findings.training.taught) if findings.training.taught else "",
        kept_epoch=model_pictures.kept_epoch(findings.training.history),
        calibration=in_words(findings.calibration.facts),
        leaning=told(**findings.shortcuts.found),
        least_images=LEAST_IMAGES,
        background_rule=RULE,
        examples={name: data_address(data) for name, data in _examples_in_order(findings).items()},
        **looked,
    )
    return {"report.html": page, **files}


def _sections(findings: Findings, *, mapped: bool) -> list[str]:
    shortcuts = ["Shortcuts"] if findings.shortcuts.found["changes"] else []
    folds = ["Folds"] if findings.folds else []
    seen = ["Confusion matrix", *(["Map of the data"] if mapped else []), *folds]
    heat = ["Heat maps"] if findings.heat else []
    first = ["Per class", *seen, "Training", "Calibration", "Threshold", "Highest loss", *heat, "Labels"]
    return [*first, *shortcuts, "Data", "Exports", "This run"]


def _hardest(findings: Findings, predictions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the images of the highest loss among some predictions, hardest first."""
    worst = predictions.astype({"loss": float, "probability": float})
    worst = worst.sort_values(["loss", "path"], ascending=[False, True]).head(_MOST_MISTAKES)
    return list(worst.merge(findings.data.splits.dataset[["path", "sha256"]], on="path").to_dict("records"))


def _shown(row: dict[str, Any], image: np.ndarray) -> dict[str, Any]:
    return row | {"address": embedded(image), "tiny": max(image.shape) < _TINY}


def _doubtful(findings: Findings, left: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first of the suspects that are left, each with the side that it is on."""
    sides = dict(zip(*(findings.data.splits.dataset[name] for name in ("path", "split")), strict=True))
    return [row | {"place": sides.get(row["path"], "in no split")} for row in left[:_MOST_SUSPECTS]]


def _with_digests(findings: Findings) -> pd.DataFrame:
    """Return the predictions, each with the digest of its image."""
    digests = findings.data.splits.dataset[["path", "sha256"]]
    return findings.evaluation.predictions.drop(columns="sha256", errors="ignore").merge(digests, on="path")


def _weakest(findings: Findings) -> list[dict[str, Any]]:
    """Return the classes of the lowest F1, the lowest first."""
    order = findings.evaluation.per_class["f1"].astype(float).argsort(kind="stable")
    return list(findings.evaluation.per_class.iloc[order[:_WEAKEST]].to_dict("records"))


def _captioned(
    rows: list[dict[str, Any]], small: Callable[[dict[str, Any]], np.ndarray]
) -> list[tuple[np.ndarray, str]]:
    return [(small(row), f"{row['label']}, answered\n{row['predicted']} ({row['probability']:.0%})") for row in rows]


def _confused(findings: Findings, most: int) -> list[dict[str, Any]]:
    """Return the pairs of true class and wrong answer with most images."""
    judged = findings.evaluation.judged_predictions
    pairs = findings.evaluation.wrong.groupby(["label", "predicted"]).size().reset_index(name="count")
    pairs["share"] = pairs["count"] / pairs["label"].map(judged["label"].value_counts())
    pairs = pairs.sort_values(["count", "share", "label", "predicted"], ascending=[False, False, True, True])
    return list(pairs.head(most).to_dict("records"))


def _examples_in_order(findings: Findings) -> dict[str, bytes]:
    names = ["as it is", *(row["name"] for row in findings.shortcuts.found["changes"])]
    return {name: findings.shortcuts.examples[name] for name in names if name in findings.shortcuts.examples}
