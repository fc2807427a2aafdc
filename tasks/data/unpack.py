"""unpack: open what was acquired."""

from pathlib import Path
from typing import Any

from evergreen.sources.unpack import unpack as open_files
from evergreen.tables import to_csv
from runs.run import Run
from storage.artifacts import Blob, Manifest, Ref
from tasks.step import step


@step("unpack")
def unpack(run: Run, archive: Ref) -> Ref:
    """Check the archives and store every file in them under its digest, with a table of their names.

    The files of a folder are stored already: they only get the table.
    """
    manifest = run.store.manifest(archive.sha256)
    if manifest.kind == "folder":
        return _publish(run, [_row(name, blob, "") for name, blob in manifest.files.items()])
    with run.store.workspace() as folder:
        return _publish(run, _opened(run, manifest, folder))


def _opened(run: Run, manifest: Manifest, folder: Path) -> list[dict[str, Any]]:
    files = {name: run.store.checked_blob(blob.sha256) for name, blob in manifest.files.items()}
    rows, written = [], {}
    for archive, member in open_files(files, manifest.facts.get("dataset"), folder, run.recipe.unpack):
        blob = Blob(member.sha256, member.size)
        written[member.path] = blob
        rows.append(_row(member.name, blob, archive))
    run.store.adopt(written)
    return rows


def _row(path: str, blob: Blob, archive: str) -> dict[str, Any]:
    return {"path": path, "sha256": blob.sha256, "bytes": blob.size, "archive": archive}


def _publish(run: Run, rows: list[dict[str, Any]]) -> Ref:
    import pandas as pd

    table = pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"])
    table = table.sort_values(["path", "archive", "sha256"], ignore_index=True)
    blobs = {f"files/{row['sha256']}": Blob(row["sha256"], row["bytes"]) for row in rows}
    return run.store.publish("files", {"files.csv": to_csv(table), **blobs})
