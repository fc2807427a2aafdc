"""What the Prefect dashboard shows of a dataset's labels: how many are wrong, and which to look at first."""

from typing import Any

from prefect.artifacts import create_markdown_artifact

from evergreen.datasets.deciding.undecided import decided_in_words
from evergreen.errors import BadImage
from evergreen.images.thumbnails import embedded, thumbnail
from evergreen.reports.markdown import literal, markdown_table
from runs.run import Run
from runs.tables import range_in
from storage.errors import StoreError


def show_diagnosis(run: Run, summary: dict[str, Any]) -> None:
    """Write what a run's diagnosis found, if it made one: the share, the first suspects with pictures, the overlap."""
    found = summary.get("diagnosis")
    if not found:
        return
    lines = [f"Run `{run.id}`: {found['words']}"]
    if found["not_suspect"]:
        lines.append(found["not_suspect"]["words"])
    said = (*found["notes"], *(f"not judged: {one}" for one in found["not_judged"]))
    lines += [f"- {literal(line)}" for line in said]
    total = sum(found["counts"].values())
    if decided := decided_in_words(total, total - found["decided"]):
        lines.append(f"Decided: {decided}")
    if found["first"]:
        columns = ["", "image", "kind", "label", "suggested", "confidence", "why"]
        lines.append(markdown_table(columns, [_row(run, row) for row in found["first"]]))
    if found["overlap"]:
        pairs = [(literal(row["one"]), literal(row["other"]), row["images"]) for row in found["overlap"]]
        lines += ["## Classes that overlap", markdown_table(["class", "and", "images, about"], pairs)]
    create_markdown_artifact(
        key=f"{run.recipe.name}-labels", markdown="\n\n".join(lines), description="Labels to look at, the best first"
    )


def _row(run: Run, row: dict[str, Any]) -> tuple[str, ...]:
    screened = run.journal.entries["screen"].output
    values = range_in(run.store.manifest(screened.sha256).facts) if screened else None
    try:
        picture = f"![]({embedded(thumbnail(run.store.read_blob(row['sha256']), side=96, values=values))})"
    except (StoreError, BadImage):  # where everything is reused, images may not be here
        picture = "not here"
    texts = (row["path"], row["kind"].replace("_", " "), row["label"], row["suggested"])
    return (picture, *map(literal, texts), f"{row['confidence']:.0%}", literal(row["reason"]))
