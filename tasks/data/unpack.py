"""unpack: open the archives."""

from pathlib import Path
from typing import Any

from evergreen.datasets.tables import to_csv
from evergreen.sources.archives import unpack as open_archive
from storage.artifacts import Blob, Manifest, Ref
from storage.digests import sha256_file
from tasks.run import Run
from tasks.step import step


@step("unpack")
def unpack(run: Run, archive: Ref) -> Ref:
    """Check the archives and store every file in them under its digest, with a table of their names.

    The files of a folder are stored already: they only get the table.
    """
    manifest = run.store.manifest(archive.sha256)
    if manifest.kind == "folder":
        rows = [_row(name, blob, "") for name, blob in manifest.files.items()]
        return _publish(run, rows, {f"files/{blob.sha256}": blob for blob in manifest.files.values()})
    with run.store.workspace() as folder:
        rows, files = _open(run, manifest, folder)
        return _publish(run, rows, files)


def _open(run: Run, manifest: Manifest, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Path]]:
    rows, files = [], {}
    for number, (name, stored) in enumerate(sorted(manifest.files.items())):
        inside = folder / str(number)
        inside.mkdir()
        for path, file in open_archive(run.store.checked_blob(stored.sha256), inside, name):
            blob = Blob(sha256_file(file), file.stat().st_size)
            files[f"files/{blob.sha256}"] = file
            rows.append(_row(path, blob, name))
    return rows, files


def _row(path: str, blob: Blob, archive: str) -> dict[str, Any]:
    return {"path": path, "sha256": blob.sha256, "bytes": blob.size, "archive": archive}


def _publish(run: Run, rows: list[dict[str, Any]], files: dict[str, Any]) -> Ref:
    import pandas as pd

    table = pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"]).sort_values(["path", "archive"])
    return run.store.publish("files", {"files.csv": to_csv(table), **files})
