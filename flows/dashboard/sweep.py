"""What the Prefect dashboard shows of a sweep: the verdict with its pictures, and every trial as a table."""

import base64
from collections.abc import Mapping
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from evergreen.reports.figures import GREY
from evergreen.reports.markdown import fenced, literal, markdown_table
from evergreen.reports.sweeps.curves import curves
from evergreen.reports.sweeps.page import columns_of, in_order, pruned_in_words, row_of, sentences, space_in_words
from evergreen.reports.sweeps.parallel import parallel
from evergreen.sources.archives.names import visible
from evergreen.sweeping.states import FAILED, PRUNED

_MOST_ROWS = 500
_MOST_SAID = 50


def show_sweep(sweep: Mapping[str, Any]) -> None:
    """Write a sweep's artifacts under keys that stay the same from sweep to sweep of a recipe.

    Args:
        sweep: values of ``sweep.json``.
    """
    name, run = sweep["recipe"], sweep["id"]
    create_table_artifact(
        key=f"{name}-sweep-trials", table=_rows(sweep), description=f"{name}: every trial, the best first; run {run}"
    )
    create_markdown_artifact(
        key=f"{name}-sweep", markdown="\n\n".join(_lines(sweep)), description=f"{name}: its newest sweep, run {run}"
    )


def _rows(sweep: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row a trial, as the page has them."""
    columns = columns_of(sweep)
    return [
        {
            column: visible(text)
            for column, text in zip([*columns, "why"], [*row_of(trial, sweep), trial["why"]], strict=True)
        }
        for trial in in_order(sweep["trials"])[:_MOST_ROWS]
    ]


def _lines(sweep: Mapping[str, Any]) -> list[str]:
    """Return what is said in Markdown; a stranger's text in it shows as it stands."""
    verdict, *more = sentences(sweep)
    ended = f"{len(sweep['trials'])} of {sweep['planned']} trials, {sweep['outcome']}"
    lines = [f"# {literal(verdict)}", f"Run `{sweep['id']}`: {ended}. [Every trial]({_trials_at(sweep)})."]
    lines += [f"{literal(sentence)}." for sentence in more]
    if sweep["next"]:
        lines += ["To go on with it:", fenced(sweep["next"])]
    lines.append(_picture("A line a trial: its values, then what it reached", parallel(sweep, GREY)))
    if drawn := curves(sweep, GREY):
        lines.append(_picture("Validation accuracy of every trial by epoch", drawn))
    lines.append(_tried(sweep))
    lines.append(literal(sweep["importance_method"]) + ("" if sweep["importance"] else "."))
    told = [pruned_in_words(trial) for trial in sweep["trials"] if trial["state"] == PRUNED]
    told += [f"Trial {trial['number']} failed: {trial['why']}" for trial in sweep["trials"] if trial["state"] == FAILED]
    return [*lines, "\n".join(f"- {literal(line)}" for line in [*sweep["notes"], *told][:_MOST_SAID])]


def _tried(sweep: Mapping[str, Any]) -> str:
    """Return a table of what was tried of each value, and what it mattered where that can be said."""
    shares = sweep["importance"] or {}
    columns = ["value", "tried", *(["importance"] if shares else [])]
    rows = [
        [literal(path), literal(space_in_words(of)), *([f"{shares[path]:.0%}"] if shares else [])]
        for path, of in sweep["over"].items()
    ]
    return markdown_table(columns, rows)


def _picture(alt: str, svg: str) -> str:
    return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _trials_at(sweep: Mapping[str, Any]) -> str:
    return f"/artifacts/key/{sweep['recipe']}-sweep-trials"
