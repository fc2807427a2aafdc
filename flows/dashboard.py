"""What the Prefect dashboard shows of a run; written from the flow on every run, since a reused step writes nothing."""

import base64
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from storage.store import Store
from tasks.run import Run


def show_in_dashboard(run: Run, summary: dict[str, Any]) -> None:
    """Write the run's artifacts under keys that stay the same from run to run."""
    name = run.recipe.name
    create_markdown_artifact(key=f"{name}-report", markdown=_report(run, summary), description=f"{name}: run {run.id}")
    create_table_artifact(key=f"{name}-steps", table=_steps(summary), description="Every step: state, reason, lineage")
    create_table_artifact(key=f"{name}-exports", table=summary["exports"], description="Every export, as verified")


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
    lines += [f"\n## {name}\n\n![{name}](data:image/png;base64,{data})" for name, data in pictures.items()]
    return "\n".join(lines)


def _pictures(store: Store, report: str) -> dict[str, str]:
    files = store.manifest(report).files
    return {
        name.removesuffix(".png").capitalize(): base64.b64encode(store.read_blob(blob.sha256)).decode()
        for name, blob in sorted(files.items())
        if name.endswith(".png")
    }
