"""What the Prefect dashboard shows of a run; written from the flow on every run, since a reused step writes nothing."""

import base64
from collections.abc import Mapping
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from storage.store import Store
from tasks.run import Run
from tasks.tables import read_table

_MOST_ROWS = 500


def show_in_dashboard(run: Run, summary: dict[str, Any]) -> None:
    """Write the run's artifacts under keys that stay the same from run to run."""
    name = run.recipe.name
    create_markdown_artifact(key=f"{name}-report", markdown=_report(run, summary), description=f"{name}: run {run.id}")
    create_table_artifact(key=f"{name}-steps", table=_steps(summary), description="Every step: state, reason, lineage")
    create_table_artifact(key=f"{name}-exports", table=summary["exports"], description="Every export, as verified")
    if verdict := summary["verdict"]:
        create_markdown_artifact(
            key=f"{name}-champion", markdown=_champion(verdict), description="The verdict on the newest model, and why"
        )
    show_repair(run)


def show_inspection(run: Run, pictures: Mapping[str, bytes], lines: list[str]) -> None:
    """Write what an inspection found: the numbers, the pictures, and the tables."""
    name = run.recipe.name
    shown = [_picture(file, data) for file, data in pictures.items()]
    create_markdown_artifact(
        key=f"{name}-inspect", markdown="\n\n".join([*lines, *shown]), description=f"{name}: its data, run {run.id}"
    )
    screened = run.journal.entries["screen"].output
    if screened:
        rows = read_table(run.store, screened, "quarantine.csv").head(_MOST_ROWS)[["path", "label", "reason"]]
        create_table_artifact(
            key=f"{name}-quarantine", table=rows.to_dict("records"), description="Files that are not used, and why"
        )
    show_repair(run)


def show_repair(run: Run) -> None:
    """Write what every folder became, and why."""
    repaired = run.journal.entries["repair"].output
    if repaired:
        table = read_table(run.store, repaired, "renames.csv")
        rows = table.rename(columns={"folder": "from", "label": "to"})[["from", "to", "subset", "why", "count"]]
        shown = rows.head(_MOST_ROWS).to_dict("records")
        create_table_artifact(key=f"{run.recipe.name}-repair", table=shown, description="From folders to classes")


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


def _report(run: Run, summary: dict[str, Any]) -> str:
    ran = [step["name"] for step in summary["steps"] if step["state"] == "ran"]
    lines = [
        f"# {run.recipe.title or run.recipe.name}",
        f"Run `{run.id}`: {'ran ' + ', '.join(ran) if ran else 'nothing changed, every step was reused'}.",
        "",
        "| split | accuracy | loss | images |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {split} | {values['accuracy']:.2%} | {values['loss']:.4f} | {values['count']} |"
        for split, values in summary["metrics"].items()
    ]
    output = run.journal.entries["report"].output
    pictures = _pictures(run.store, output.sha256) if output else {}
    return "\n".join([*lines, *(_picture(file, data) for file, data in pictures.items())])


def _champion(verdict: dict[str, Any]) -> str:
    """Return a verdict, its checks, and each class against the champion, as Markdown."""
    lines = [
        f"# {verdict['standing'].capitalize()}",
        verdict["summary"],
        "",
        f"- release of this run: `{verdict['release']}`",
        f"- champion now: `{verdict['champion'] or 'none'}`",
        "",
        "| check | passed |",
        "|---|---|",
    ]
    lines += [f"| {check['text']} | {'yes' if check['passed'] else '**no**'} |" for check in verdict["checks"]]
    if verdict["classes"]:
        lines += [
            "",
            "| class | images | champion | challenger | change, 95 % interval |",
            "|---|---|---|---|---|",
        ]
    for row in verdict["classes"]:
        gain, low, high = (f"{100 * points:+.2f}" for points in (row["gain"], *row["gain_interval"]))
        shares = f"{row['champion']:.2%} | {row['challenger']:.2%}"
        lines.append(f"| {row['label']} | {row['count']} | {shares} | {gain} ({low} to {high}) |")
    return "\n".join(lines)


def _picture(file: str, data: bytes) -> str:
    name = file.removesuffix(".png").replace("_", " ").capitalize()
    return f"\n## {name}\n\n![{name}](data:image/png;base64,{base64.b64encode(data).decode()})"


def _pictures(store: Store, report: str) -> dict[str, bytes]:
    files = sorted(store.manifest(report).files.items())
    return {name: store.read_blob(blob.sha256) for name, blob in files if name.endswith(".png")}
