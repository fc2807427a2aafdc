"""What the Prefect dashboard shows of the decision to retrain or not."""

from typing import Any

from prefect.artifacts import create_markdown_artifact

from evergreen.reports.markdown import literal, markdown_table
from flows.decision import NOT_RETRAINED
from runs.run import Run
from storage.identity import in_short, whereabouts


def show_decision(run: Run) -> None:
    """Write the decision and its counts into the dashboard."""
    decision: dict[str, Any] | None = run.journal.decision
    if decision is None:
        return
    lines = [f"# {_heading(run, decision)}", f"Run `{run.id}` in {store_in_words(run)}: {decision['reason']}."]
    if "changes" in decision:
        lines += [f"Since run `{decision['compared_with']}`, whose model is {decision['age_days']} days old:", ""]
        lines.append(markdown_table(["what", "how it changed"], decision["changes"].items()))
    name = run.recipe.name
    create_markdown_artifact(
        key=f"{name}-decision", markdown="\n".join(lines), description=f"{name}: to retrain or not, and why"
    )


def store_in_words(run: Run) -> str:
    """Return which store a run works in: its identity in short, its folder, and on which host, as Markdown."""
    place = whereabouts(run.store.root)
    return f"store `{in_short(place['identity'])}` ({literal(place['folder'])} on {literal(place['host'])})"


def _heading(run: Run, decision: dict[str, Any]) -> str:
    """Return what became of a run, in two words."""
    if not decision["retrain"]:
        return NOT_RETRAINED.capitalize()
    states = {name: entry.state for name, entry in run.journal.entries.items()}
    if states.get("train") == "ran":
        return "Retrained"
    return "Same model" if "ran" in states.values() else "Nothing changed"
