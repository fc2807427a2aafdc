"""What the Prefect dashboard shows of a sweep: the verdict with its pictures, and every trial as a table."""

import base64
import json
import shlex
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from evergreen.reports.figures import GREY
from evergreen.reports.markdown import fenced, literal, markdown_table
from evergreen.reports.sweeps.curves import curves
from evergreen.reports.sweeps.page import columns_of, in_order, pruned_in_words, row_of, sentences, space_in_words
from evergreen.reports.sweeps.parallel import parallel
from evergreen.sources.archives.names import visible
from evergreen.sweeping.naming import in_brackets
from evergreen.sweeping.states import ENDED, FAILED, PRUNED

_MOST_ROWS = 500
_MOST_SAID = 50
_RUNNING = "running"


class SweepShown:
    """Shows one sweep: made when it is first shown, and written anew while it goes on and when it ends.

    The keys of its artifacts stay the same from sweep to sweep of a recipe, so the page of one is its history: a sweep
    is one entry of it, however often it was written.
    """

    def __init__(self) -> None:
        self._table: UUID | None = None
        self._page: UUID | None = None

    def show(self, sweep: Mapping[str, Any]) -> None:
        """Write the artifacts.

        Args:
            sweep: values of ``sweep.json``, as they are now.
        """
        name, run = sweep["recipe"], sweep["id"]
        rows, text = _rows(sweep), "\n\n".join(_lines(sweep))
        if self._table and self._page:
            with get_client(sync_client=True) as client:
                client.update_artifact(self._table, ArtifactUpdate(data=json.dumps(rows)))
                client.update_artifact(self._page, ArtifactUpdate(data=text))
            return
        made = create_table_artifact(
            key=f"{name}-sweep-trials", table=rows, description=f"{name}: every trial, the best first; run {run}"
        )
        self._table = made  # type: ignore[assignment]
        made = create_markdown_artifact(
            key=f"{name}-sweep", markdown=text, description=f"{name}: its newest sweep, run {run}"
        )
        self._page = made  # type: ignore[assignment]


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
    goes_on = sweep["outcome"] == _RUNNING
    ended = sum(trial["state"] in ENDED for trial in sweep["trials"])
    counted = f"{ended} of {sweep['planned']} trials ended, {sweep['outcome']}"
    lines = [
        f"# {literal(_so_far(sweep) if goes_on else verdict)}",
        f"Run `{sweep['id']}`: {counted}. [Every trial]({_trials_at(sweep)}).",
    ]
    if goes_on:
        lines.append("Written anew every few seconds: reload.")
    lines += [f"{literal(sentence)}." for sentence in more]
    if sweep["next"] and not goes_on:
        lines += _to_go_on(sweep)
    lines.append(_picture("A line a trial: its values, then what it reached", parallel(sweep, GREY)))
    if drawn := curves(sweep, GREY):
        lines.append(_picture("Validation accuracy of every trial by epoch", drawn))
    lines.append(_tried(sweep))
    if method := sweep["importance_method"]:
        lines.append(literal(method) + ("" if sweep["importance"] else "."))
    told = [pruned_in_words(trial) for trial in sweep["trials"] if trial["state"] == PRUNED]
    told += [f"Trial {trial['number']} failed: {trial['why']}" for trial in sweep["trials"] if trial["state"] == FAILED]
    return [*lines, "\n".join(f"- {literal(line)}" for line in [*sweep["notes"], *told][:_MOST_SAID])]


def _so_far(sweep: Mapping[str, Any]) -> str:
    """Return which trial leads while others go on."""
    best = next((trial for trial in sweep["trials"] if trial["number"] == sweep["best"]), None)
    if best is None:
        return "No trial has ended yet"
    return f"Trial {best['number']} leads so far: validation accuracy {best['val_accuracy']:.2%}" + in_brackets(
        best["values"]
    )


def _to_go_on(sweep: Mapping[str, Any]) -> list[str]:
    """Return how to retrain with the best values: in the form, and in a terminal."""
    words = shlex.split(sweep["next"])
    given = list(pairwise(words))
    pairs = [value for option, value in given if option == "--set"]
    sources = [value for option, value in given if option == "--source"]
    fields = [f"recipe: {words[2]}", *(f"source: {source}" for source in sources)]
    fields += [f"overrides, an item: {pair}" for pair in pairs]
    return [
        "To go on with it, in the form of *Run > Custom run* of a deployment that retrains:",
        fenced("\n".join(fields)),
        "Or in a terminal:",
        fenced(sweep["next"]),
    ]


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
