"""What the Prefect dashboard shows of a model: the tables and pictures of its report, each under a key of its own."""

import base64
from typing import TYPE_CHECKING, Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from evergreen.judging.leaning import told
from evergreen.reports.markdown import markdown_table
from runs.run import Run
from runs.tables import CALIBRATION, read_json, read_table
from storage.artifacts import Ref

if TYPE_CHECKING:
    import pandas as pd

_MOST_CLASSES = 40


def show_evaluation(run: Run) -> None:
    """Write the numbers and pictures of a run's evaluation and report."""
    evaluation, report = (run.journal.entries[step].output for step in ("evaluate", "report"))
    if not evaluation or not report:
        return
    name = run.recipe.name
    store = run.store
    pictures = {file: store.read(report, file) for file in store.manifest(report.sha256).files if file.endswith(".png")}
    create_table_artifact(
        key=f"{name}-per-class", table=_per_class(run, evaluation), description="Precision, recall and F1; averages"
    )
    texts = {
        "confusion": ("\n\n".join([picture("confusion.png", pictures), *_confusion(run, evaluation)]), "By true class"),
        "curves": ("\n\n".join(picture(file, pictures) for file in ("loss.png", "accuracy.png")), "All phases"),
        "calibration": (_calibration(run, evaluation) + picture("calibration.png", pictures), "How far to believe it"),
        "mistakes": (_mistakes(run, evaluation, pictures), "Judged images that are answered wrong, hardest first"),
    }
    for key, (text, description) in texts.items():
        create_markdown_artifact(key=f"{name}-{key}", markdown=text, description=description)
    shortcuts = told(**read_json(store, evaluation, "shortcuts.json"))
    create_table_artifact(
        key=f"{name}-shortcuts",
        table=[_rounded(row) for row in shortcuts["changes"]],
        description=f"{shortcuts['summary']} Accuracy under changes, on {shortcuts['sample']} judged images.",
    )


def show_folds(run: Run, summary: dict[str, Any]) -> None:
    """Write what a run's folds found, if it had any: pooled, by fold, and by class."""
    found = summary["folds"]
    if not found:
        return
    each = [
        (row["fold"], f"{row['accuracy']:.2%}", interval(row), row["count"], _time(row)) for row in found["by_fold"]
    ]
    per_class = [
        (row["label"], *(f"{row[name]:.1%}" for name in ("precision", "recall", "f1")), row["count"])
        for row in found["per_class"]
    ]
    lines = [
        f"# {found['accuracy']:.2%} ({interval(found)})",
        f"Run `{run.id}`: {found['words']}.",
        markdown_table(["fold", "accuracy", "95 % interval", "images", "seconds of training"], each),
        markdown_table(["class", "precision", "recall", "F1", "images"], per_class),
    ]
    create_markdown_artifact(
        key=f"{run.recipe.name}-folds", markdown="\n\n".join(lines), description="Every image judged once, out of fold"
    )


def interval(values: dict[str, Any]) -> str:
    """Return the 95 % interval of an accuracy."""
    return f"{values['accuracy_low']:.1%} to {values['accuracy_high']:.1%}"


def _time(row: dict[str, Any]) -> str:
    return "" if row["seconds"] is None else f"{row['seconds']:.1f}"


def picture(file: str, pictures: dict[str, bytes]) -> str:
    """Return a picture with its heading as Markdown."""
    name = file.removesuffix(".png").replace("_", " ").capitalize()
    return f"\n## {name}\n\n![{name}](data:image/png;base64,{base64.b64encode(pictures[file]).decode()})"


def _per_class(run: Run, evaluation: Ref) -> list[dict[str, Any]]:
    rows = list(read_table(run.store, evaluation, "per_class.csv").to_dict("records"))
    averages = read_json(run.store, evaluation, "averages.json")
    rows += [
        {"label": f"{kind} average", **values, "count": sum(row["count"] for row in rows)}
        for kind, values in averages.items()
    ]
    return [_rounded({**row, **{name: float(row[name]) for name in ("precision", "recall", "f1")}}) for row in rows]


def _confusion(run: Run, evaluation: Ref) -> list[str]:
    """Return the counts and the shares of each true class as Markdown, unless there are too many classes to read."""
    table = read_table(run.store, evaluation, "confusion.csv").set_index("label").astype(int)
    table.columns = table.index  # read from a file, a class called label is not
    if len(table) > _MOST_CLASSES:
        return []
    shares = (100 * table.div(table.sum(axis=1).clip(lower=1), axis=0)).round(1)
    return ["### Counts", _markdown(table), "### Percent of the true class", _markdown(shares)]


def _markdown(table: "pd.DataFrame") -> str:
    rows = zip(table.index, table.to_numpy().tolist(), strict=True)
    return markdown_table(["true class", *table.columns], [[label, *row] for label, row in rows])


def _mistakes(run: Run, evaluation: Ref, pictures: dict[str, bytes]) -> str:
    judged = run.store.manifest(evaluation.sha256).facts["judged"]
    predictions = read_table(run.store, evaluation, "predictions.csv")
    predictions = predictions[predictions["split"] == judged]
    wrong = int((predictions["label"] != predictions["predicted"]).sum())
    if not wrong:
        return f"# No mistake\n\nAll {len(predictions):,} {judged} images are answered right."
    counted = f"{wrong:,} of {len(predictions):,} {judged} images are answered wrong."
    return f"{counted}\n{picture('mistakes.png', pictures)}"


def _calibration(run: Run, evaluation: Ref) -> str:
    found = read_json(run.store, evaluation, CALIBRATION)
    return markdown_table(["what", "value"], found.items())


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
