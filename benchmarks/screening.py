"""How much faster two Dask workers screen than one; called by ``scale.py screening``.

So many images of a zip are screened on a cluster of this machine, by one worker of a thread, by two, and again by each,
in seconds of wall time from the question to the four tables, with what is known of the images kept as in a run. Workers
have answered for the first 1,000 before: what they import is not counted. The ratio is that of the faster times; the
tables of all must have the same bytes.
"""

import time
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import LocalCluster

from evergreen.cluster import Address
from evergreen.datasets.screen import screen
from evergreen.sections.data import Screen
from evergreen.tables import to_csv
from runs.spread.measuring import OnCluster
from storage.digests import sha256_bytes
from storage.steps.memo import Memo


def screening(archive: Path, count: int | None, folder: Path) -> dict[str, Any]:
    """Return the wall time of screening images on a cluster of one worker and of two, and how they compare."""
    rows = unpacked(archive, count, folder)
    table = pd.DataFrame(rows, columns=["path", "label", "sha256", "bytes", "subset"])
    found: dict[int, list[float]] = {1: [], 2: []}
    digests = set()
    for workers in (1, 2, 1, 2):
        seconds, digest = screened(table, folder, workers)
        found[workers].append(round(seconds, 2))
        digests.add(digest)
        print(f"{workers} workers: {seconds:.2f} s")
    ratio = min(found[1]) / min(found[2])
    return {"images": len(rows), "seconds": found, "ratio": round(ratio, 2), "same_bytes": len(digests) == 1}


def unpacked(archive: Path, count: int | None, folder: Path) -> list[tuple[str, str, str, int, str]]:
    """Write images of a zip into a folder, each under its digest, and return them as rows of a table."""
    rows = []
    with zipfile.ZipFile(archive) as zipped:
        names = [name for name in sorted(zipped.namelist()) if name.endswith((".jpg", ".png"))]
        for name in names[:: max(1, len(names) // count)][:count] if count else names:
            data = zipped.read(name)
            digest = sha256_bytes(data)
            (folder / digest).write_bytes(data)
            rows.append((name, Path(name).parent.name, digest, len(data), ""))
    return rows


def screened(table: pd.DataFrame, folder: Path, workers: int) -> tuple[float, str]:
    """Return the seconds that so many workers take for a screening, and the digest of its tables."""

    def done(some: pd.DataFrame, memo: str) -> Any:
        known = Memo(folder / "memos" / memo)
        read = (lambda digest: (folder / digest).read_bytes()), folder.joinpath
        return screen(some, *read, Screen(), known, workers, None, OnCluster(address, lambda _: None).measure_all)

    one_each = {"n_workers": workers, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**one_each, host="127.0.0.1", dashboard_address=None) as cluster:
        address = Address(cluster.scheduler_address, "EVERGREEN_DASK")
        done(table.head(1000), "warm")
        began = time.monotonic()
        result = done(table, "timed")
        seconds = time.monotonic() - began
    for memo in (folder / "memos").iterdir():
        memo.unlink()
    tables = (result.accepted, result.quarantine, result.duplicates, result.near_duplicates)
    return seconds, sha256_bytes(b"".join(map(to_csv, tables)))
