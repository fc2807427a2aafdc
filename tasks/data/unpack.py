"""unpack: open what was acquired."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evergreen.images.formats import HEAD_BYTES, kind_of
from evergreen.sources.archives.members import Told
from evergreen.sources.several import about
from evergreen.sources.unpack import unpack as open_files
from runs.kept.caches import kinds_memo
from runs.run import Run
from runs.tables import files_of
from storage.artifacts import Blob, Manifest, Ref
from storage.steps.memo import Memo
from tasks.step import remark, step

_COLUMNS = ("path", "sha256", "bytes", "archive", "kind")


@step("unpack")
def unpack(run: Run, archive: Ref) -> Ref:
    """Check the archives and store every file in them under its digest, with a table of their names and kinds.

    The files of a folder are stored already: they only get the table. Beside it stand what was left out before there
    was a table (reason, count), and notes on how names and archives inside the archive were read. Of several sources,
    each is read by itself, and the table has a column ``source``: no path says which one a file is of.
    """
    manifest = run.store.manifest(archive.sha256)
    if manifest.kind != "sources":
        told = Told()
        return _publish(run, _rows(run, manifest, told), told)
    rows, told = [], Told()
    for number, source in enumerate(manifest.facts["sources"]):
        name, of_this = source["name"], Told()
        with about(name):
            found = _rows(run, _alone(manifest, number), of_this)
        rows += [{**row, "source": name} for row in found]
        told.left_out.update({f"{name}: {reason}": count for reason, count in of_this.left_out.items()})
        told.notes += [f"{name}: {note}" for note in of_this.notes]
        told.notes += [] if found else [f"{name}: there is no file in it"]
    return _publish(run, rows, told, (*_COLUMNS, "source"))


def _alone(manifest: Manifest, number: int) -> Manifest:
    """Return what acquire would have published of one of several sources alone."""
    source, below = manifest.facts["sources"][number], f"{number}/"
    files = {name.removeprefix(below): blob for name, blob in manifest.files.items() if name.startswith(below)}
    return Manifest(source["kind"], files, source)


def _rows(run: Run, manifest: Manifest, told: Told) -> list[dict[str, Any]]:
    """Return the files of one source, as the table has them."""
    if manifest.kind == "folder":
        told.left_out.update(manifest.facts.get("left_out", {}))
        kinds = _kinds(run, {blob.sha256 for blob in manifest.files.values()})
        return [_row(name, blob, "", kinds[blob.sha256]) for name, blob in manifest.files.items()]
    with run.store.workspace() as folder:
        return _opened(run, manifest, folder, told)


def _opened(run: Run, manifest: Manifest, folder: Path, told: Told) -> list[dict[str, Any]]:
    files = {name: run.store.checked_blob(blob.sha256) for name, blob in manifest.files.items()}
    rows, written = [], {}
    for archive, member in open_files(files, manifest.facts.get("dataset"), folder, run.recipe.unpack, told):
        blob = Blob(member.sha256, member.size)
        written[member.path] = blob
        rows.append(_row(member.name, blob, archive, member.kind))
    run.store.adopt(written)
    return rows


def _kinds(run: Run, digests: Iterable[str]) -> dict[str, str]:
    """Return {digest of a stored file: its kind}; the first bytes of those that are known are not read again."""
    memo = Memo(run.store.root / "memos" / f"{kinds_memo()}.sqlite")
    known: dict[str, str] = memo.get(digests)
    new = {digest: _kind(run.store.blob_path(digest)) for digest in digests if digest not in known}
    if new:
        memo.put(new)
    return known | new


def _kind(path: Path) -> str:
    file = os.open(path, os.O_RDONLY)  # of a hundred thousand files: half the time of Path.open
    try:
        return kind_of(os.read(file, HEAD_BYTES))
    finally:
        os.close(file)


def _row(path: str, blob: Blob, archive: str, kind: str) -> dict[str, Any]:
    return {"path": path, "sha256": blob.sha256, "bytes": blob.size, "archive": archive, "kind": kind}


def _publish(run: Run, rows: list[dict[str, Any]], told: Told, columns: Sequence[str] = _COLUMNS) -> Ref:
    import pandas as pd

    order = [name for name in ("path", "archive", "sha256", "source") if name in columns]
    table = pd.DataFrame(rows, columns=list(columns)).sort_values(order, ignore_index=True)
    left_out = pd.DataFrame(sorted(told.left_out.items()), columns=["reason", "count"])
    notes = pd.DataFrame({"note": told.notes})
    tables = {"files": table, "left-out": left_out, "notes": notes}
    if said := [*_counted(told.left_out), *told.notes]:
        remark("; ".join(said))
    files: dict[str, bytes | Path | Blob] = {**files_of(**tables)}
    files |= {f"files/{row['sha256']}": Blob(row["sha256"], row["bytes"]) for row in rows}
    return run.store.publish("files", files)


def _counted(left_out: Mapping[str, int]) -> list[str]:
    return [f"left out: {reason} ({count:,})" for reason, count in sorted(left_out.items())]
