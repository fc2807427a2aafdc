"""What the Prefect dashboard shows of a run; written from the flow on every run, since a reused step writes nothing."""

from typing import Any

import yaml
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from evergreen.judging.advice import lines as advice
from evergreen.reports.labels import AS_IT_IS
from evergreen.reports.markdown import markdown_table
from flows.dashboard.classes import show_classes
from flows.dashboard.cure import cure_in_markdown
from flows.dashboard.decision import show_decision, store_in_words
from flows.dashboard.diagnosis import show_diagnosis
from flows.dashboard.drift import show_drift
from flows.dashboard.evaluation import interval, picture, show_evaluation, show_folds
from runs.run import Run
from runs.tables import read_table

_MOST_ROWS = 500
_ELSEWHERE = (
    "curves",
    "confusion",
    "per-class",
    "mistakes",
    "calibration",
    "shortcuts",
    "labels",
    "champion",
    "exports",
    "steps",
)


def show_in_dashboard(run: Run, summary: dict[str, Any]) -> None:
    """Write the run's artifacts under keys that stay the same from run to run."""
    name = run.recipe.name
    show_decision(run)
    show_drift(run)
    create_table_artifact(key=f"{name}-steps", table=_steps(summary), description="Every step: state, reason, lineage")
    show_recipe(run)
    show_classes(run, summary)
    show_repair(run)
    if summary["outcome"] != "completed":
        return  # it was decided not to retrain: what is shown of the model stays as it was
    create_markdown_artifact(key=f"{name}-report", markdown=_report(run, summary), description=f"{name}: run {run.id}")
    create_table_artifact(key=f"{name}-exports", table=_exports(summary), description="Every export, as verified")
    if comparison := summary["comparison"]:
        create_markdown_artifact(
            key=f"{name}-champion",
            markdown=_champion(run, comparison),
            description="The newest model's verdict, and why",
        )
    show_evaluation(run)
    show_folds(run, summary)
    show_diagnosis(run, summary)
    show_quarantine(run)


def show_inspection(run: Run, summary: dict[str, Any], pictures: dict[str, bytes], lines: list[str]) -> None:
    """Write what an inspection found: the numbers, the pictures, the classes, and the tables."""
    name = run.recipe.name
    shown = [picture(file, pictures) for file in pictures]
    create_markdown_artifact(
        key=f"{name}-inspect", markdown="\n\n".join([*lines, *shown]), description=f"{name}: its data, run {run.id}"
    )
    show_quarantine(run)
    show_classes(run, summary)
    show_repair(run)


def show_quarantine(run: Run) -> None:
    """Write which files are not used, and why."""
    screened = run.journal.entries["screen"].output
    if screened:
        rows = read_table(run.store, screened, "quarantine.csv").head(_MOST_ROWS)[["path", "label", "reason"]]
        create_table_artifact(
            key=f"{run.recipe.name}-quarantine", table=rows.to_dict("records"), description="Files that are not used"
        )


def show_repair(run: Run) -> None:
    """Write what every folder became, and why."""
    repaired = run.journal.entries["repair"].output
    if repaired:
        table = read_table(run.store, repaired, "renames.csv")
        named = table.rename(columns={"folder": "from", "label": "to"})
        wanted = ("source", "from", "to", "subset", "what", "why", "count")
        rows = named[[name for name in wanted if name in named]]
        changed_first = rows.sort_values("what", key=lambda what: what == AS_IT_IS, kind="stable")
        shown = changed_first.head(_MOST_ROWS).to_dict("records")
        create_table_artifact(key=f"{run.recipe.name}-repair", table=shown, description="From folders to classes")


def show_recipe(run: Run) -> None:
    """Write the recipe with every default, as YAML."""
    text = yaml.safe_dump(run.recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    create_markdown_artifact(
        key=f"{run.recipe.name}-recipe", markdown=f"```yaml\n{text}```", description="The recipe of the newest run"
    )


def _steps(summary: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "step": step["name"],
            "state": step["state"],
            "reason": step["reason"],
            "seconds": step["seconds"],
            "digest": (step["output"] or "")[:12],
            "inputs": ", ".join(f"{name} {digest[:12]}" for name, digest in step["inputs"].items()),
        }
        for step in summary["steps"]
    ]


def _exports(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row an export and runtime."""
    of_export = ("format", "released", "bytes", "count")
    return [
        {name: export.get(name) for name in of_export} | runtime
        for export in summary["exports"]
        for runtime in export.get("runtimes", [{"verified": export["verified"], "reason": export["reason"]}])
    ]


def _report(run: Run, summary: dict[str, Any]) -> str:
    ran = [step["name"] for step in summary["steps"] if step["state"] == "ran"]
    lines = [
        f"# {run.recipe.title or run.recipe.name}",
        f"**{_verdict(summary)}**",
        "",
        f"Run `{run.id}`: {'ran ' + ', '.join(ran) if ran else 'nothing changed, every step was reused'}.",
        "",
        f"In {store_in_words(run)}.",
        "",
        markdown_table(["split", "accuracy", "loss", "images"], map(_judged, summary["metrics"].items())),
    ]
    verdict = summary["verdict"]
    if (baseline := summary.get("baseline")) and "why" not in baseline:
        caution = "**Caution.** " if baseline["standing"] == "worse" else ""
        lines += ["", f"{caution}{baseline['words']}"]
    fit = f"{verdict['verdict'].capitalize()}: {' '.join(verdict['reasons'])}"
    if tries := [f"- `{line}`" for line in advice(verdict.get("to_try", ()))]:
        fit = "\n".join([fit, "", "To try, one at a time:", "", *tries])
    if training := summary.get("training"):
        lines += ["", f"Training: {training['words']}."]
        if training["why"] != "stopped" and (taught := training.get("teacher")):
            lines += ["", f"Taught by {taught['words']}."]
        if behind := training.get("backgrounds"):
            lines += ["", f"Backgrounds: {behind['words']}."]
    told = [f"- {note}" for note in summary.get("notes", ())]
    if grouping := summary.get("grouping"):
        told.append(f"- {grouping['words']}")
    if calibration := summary.get("calibration"):
        lines += ["", " ".join(calibration["words"].values())]
    links = f"Pictures and tables: {_elsewhere(run.recipe.name)}"
    leans = [summary["shortcuts"]["summary"], "", *cure_in_markdown(summary.get("cure"))]
    return "\n".join([*lines, "", fit, "", *leans, *told, "", links])


def _verdict(summary: dict[str, Any]) -> str:
    """Return the one verdict on a model: whether it is champion, and whether it fits."""
    standing = (summary.get("comparison") or {}).get("standing")
    said = {"champion": "Champion", None: "Not compared"}.get(standing, f"Not promoted ({standing})")
    return f"{said}, {summary['verdict']['verdict']}."


def _elsewhere(name: str) -> str:
    """Return links to what else the dashboard shows of the recipe."""
    return " · ".join(f"[{kind}](/artifacts/key/{name}-{kind})" for kind in _ELSEWHERE)


def _judged(metrics: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return the cells of one split."""
    split, values = metrics
    accuracy = f"{values['accuracy']:.2%} ({interval(values)})"
    split = values.get("words", split)
    return split, accuracy, f"{values['loss']:.4f}", str(values["count"])


def _champion(run: Run, comparison: dict[str, Any]) -> str:
    """Return the verdict of a comparison, its checks, and each class against the champion, as Markdown."""
    lines = [
        "# Champion" if comparison["standing"] == "champion" else f"# Not promoted ({comparison['standing']})",
        comparison["summary"],
        "",
        f"- release of this run: `{comparison['release']}`",
        f"- champion now: `{comparison['champion'] or 'none'}`",
        f"- decided by run `{run.id}` in {store_in_words(run)}",
        "",
        markdown_table(
            ["check", "passed"],
            [(check["text"], "yes" if check["passed"] else "**no**") for check in comparison["checks"]],
        ),
    ]
    if comparison["classes"]:
        columns = ["class", "images", "champion", "challenger", "change, 95 % interval"]
        lines += ["", markdown_table(columns, map(_beside_the_champion, comparison["classes"]))]
    return "\n".join(lines)


def _beside_the_champion(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of one class."""
    gain, low, high = (f"{100 * points:+.2f}" for points in (row["gain"], *row["gain_interval"]))
    shares = (f"{row[side]:.2%}" for side in ("champion", "challenger"))
    return row["label"], str(row["count"]), *shares, f"{gain} ({low} to {high})"
