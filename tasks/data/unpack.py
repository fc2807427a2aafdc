"""unpack: open the archives."""

import pandas as pd

from evergreen.datasets.tables import to_csv
from evergreen.sources.archives import unpack as open_archive
from storage.artifacts import Ref
from storage.digests import sha256_file
from tasks.run import Run
from tasks.step import step


@step("unpack")
def unpack(run: Run, archive: Ref) -> Ref:
    """Check the archives and store every file in them under its digest, with a table of their names."""
    rows, blobs = [], {}
    with run.store.workspace() as folder:
        for number, (name, blob) in enumerate(sorted(run.store.manifest(archive.sha256).files.items())):
            inside = folder / str(number)
            inside.mkdir()
            for path, file in open_archive(run.store.blob_path(blob.sha256), inside, name):
                digest = sha256_file(file)
                blobs[f"files/{digest}"] = file
                rows.append({"path": path, "sha256": digest, "bytes": file.stat().st_size, "archive": name})
        table = pd.DataFrame(rows, columns=["path", "sha256", "bytes", "archive"]).sort_values(["path", "archive"])
        return run.store.publish("files", {"files.csv": to_csv(table), **blobs})
