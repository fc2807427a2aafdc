"""What the Prefect dashboard shows of a run's classes, and of what became of folders and files on the way to them."""

from typing import Any

from prefect.artifacts import create_markdown_artifact

from evergreen.reports.labels import columns_of, cut, heading, sentences
from evergreen.reports.markdown import literal, markdown_table
from runs.run import Run

_MOST = 200  # classes, and folders of each kind


def show_classes(run: Run, summary: dict[str, Any]) -> None:
    """Write the classes with their counts, and what was renamed, merged, left out, counted once or dropped."""
    if summary["labels"] is None:
        return  # it did not come so far
    name = run.recipe.name
    create_markdown_artifact(
        key=f"{name}-classes",
        markdown="\n".join(_lines(summary)),
        description=f"{name}: its classes, and what became of folders and files",
    )


def _lines(summary: dict[str, Any]) -> list[str]:
    """Return the lines in Markdown; names show as they stand."""
    classes, labels = summary["classes"], summary["labels"]
    columns = columns_of(classes)
    rows = [
        (literal(label), *(f"{counts.get(column, 0):,}" for column in columns))
        for label, counts in list(classes.items())[:_MOST]
    ]
    lines = [f"# {heading(labels, classes).capitalize()}", f"Run `{summary['id']}`.", ""]
    if changes := summary.get("class_changes"):
        lines += [f"**{literal(changes['summary'])}**", ""]
    lines.append(markdown_table(["class", *columns], rows))
    if more := cut(classes, _MOST):
        lines += ["", f"{more}: see run.json."]
    told = [f"- **{kind}** {literal(text)}" for kind, text in sentences(labels, _MOST)]
    return [*lines, "", *told]
