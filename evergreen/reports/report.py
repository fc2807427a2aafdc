"""The report: one self-contained HTML page, and the pictures in it as files."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.datasets.door import open_image
from evergreen.datasets.tables import ReadBlob
from evergreen.reports import pictures

if TYPE_CHECKING:
    import pandas as pd

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_MOST_MISTAKES = 12


@dataclass(frozen=True)
class Findings:
    """Everything that a report shows; tables are as their steps describe them."""

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
    metrics: dict[str, dict[str, float]]
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    predictions: pd.DataFrame
    exports: list[dict[str, Any]]
    export_bytes: dict[str, int]
    verdict: dict[str, Any]


def report(findings: Findings, read: ReadBlob) -> dict[str, bytes | Path]:
    """Return file name -> bytes: ``report.html`` and its PNG pictures. No clock, so equal findings give equal bytes.

    Args:
        findings: what the steps found.
        read: gives an image's bytes for its SHA-256.
    """
    from jinja2 import Environment, StrictUndefined

    files = {
        "curves.png": pictures.curves(findings.history),
        "confusion.png": pictures.confusion_matrix(findings.confusion),
    }
    wrong = _mistakes(findings, read)
    if wrong:
        files["mistakes.png"] = pictures.gallery(wrong)
    counts = findings.dataset.groupby(["label", "split"]).size().unstack(fill_value=0)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        found=findings,
        judged="test" if "test" in findings.metrics else "validation",
        splits=[name for name in ("train", "validation", "test") if name in findings.metrics],
        counts={name: counts.loc[name].to_dict() for name in findings.classes},
        pictures={name: base64.b64encode(data).decode() for name, data in files.items()},
        kept_epoch=int((findings.history["kept"].astype(str) == "True").to_numpy().argmax()) + 1,
    )
    return {"report.html": page.encode(), **files}


def _mistakes(findings: Findings, read: ReadBlob) -> list[tuple[Any, str]]:
    """Return the judged images that the model got wrong with most confidence, and their captions."""
    table = findings.predictions.merge(findings.dataset[["path", "sha256"]], on="path")
    judged = table[table["split"] == ("test" if "test" in findings.metrics else "validation")]
    wrong = judged[judged["label"] != judged["predicted"]].assign(sure=lambda rows: rows["probability"].astype(float))
    worst = wrong.sort_values(["sure", "path"], ascending=[False, True]).head(_MOST_MISTAKES)
    return [
        (open_image(read(row.sha256), None).pixels, f"{row.label}, not\n{row.predicted} ({row.sure:.0%})")
        for row in worst.itertuples()
    ]
