"""What the dashboard shows of new images beside those that the earlier model was judged by."""

from prefect.artifacts import create_markdown_artifact

from evergreen.reports.markdown import literal, markdown_table
from runs.run import Run


def show_drift(run: Run) -> None:
    """Write how new images stand beside the earlier model's; nothing where nobody compared them."""
    found = run.journal.drift
    if found is None:
        return
    rows = [
        (
            source["name"],
            f"{source['together']:.2g}",
            literal(source["words"]),
            ", ".join(literal(picture["image"]) for picture in source["pictures"]) if source["found"] else "",
        )
        for source in found.get("sources", ())
    ]
    lines = [literal(found["words"])]
    lines += [markdown_table(("test", "p", "what", "pictures that carry it"), rows)] if rows else []
    lines += [literal(found["accuracy"]["words"])] if found.get("accuracy") else []
    lines += [f"- {literal(note)}" for note in found.get("notes", ())]
    create_markdown_artifact(
        key=f"{run.recipe.name}-drift",
        markdown="\n\n".join(lines),
        description="New images beside those that the earlier model was judged by",
    )
