"""Measure screening: images a second against a bare cv2.imdecode loop, and anonymous memory by the number of images.

.venv/bin/python benchmarks/ingest.py --zip TRASHNET_ZIP [--large CIFAR10_ZIP]
"""

import argparse
import hashlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from evergreen.datasets.screen import screen
from evergreen.images.processors import processors
from evergreen.sections.data import Screen

REPEATS = 5
WORKERS = len(os.sched_getaffinity(0))


class Nothing:
    """A memory that knows nothing."""

    def get(self, keys: object) -> dict:
        """Return nothing."""
        return {}

    def put(self, values: object) -> None:
        """Forget it."""


def unpacked(archive: Path, folder: Path, most: int | None = None) -> pd.DataFrame:
    """Write a zip's images into ``folder`` by their digest and return the dataset's table."""
    rows = []
    with zipfile.ZipFile(archive) as zipped:
        for name in zipped.namelist():
            if name.endswith((".jpg", ".png")) and (most is None or len(rows) < most):
                data = zipped.read(name)
                digest = hashlib.sha256(data).hexdigest()
                (folder / digest).write_bytes(data)
                rows.append((name, name.split("/")[-2], digest, len(data), ""))
    return pd.DataFrame(rows, columns=["path", "label", "sha256", "bytes", "subset"])


def decode(paths: list[Path], begin: object, ended: object) -> None:
    """Decode files that are in memory, once everyone is ready."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    contents = [np.frombuffer(path.read_bytes(), np.uint8) for path in paths]
    begin.wait()  # type: ignore[attr-defined]
    for content in contents:
        cv2.imdecode(content, cv2.IMREAD_COLOR)
    ended.wait()  # type: ignore[attr-defined]


def bare(paths: list[Path]) -> float:
    """Return the seconds of the bare loop, without the processes' start and the reading."""
    context = multiprocessing.get_context("spawn")
    begin, ended = context.Barrier(WORKERS + 1), context.Barrier(WORKERS + 1)
    processes = [context.Process(target=decode, args=(paths[start::WORKERS], begin, ended)) for start in range(WORKERS)]
    for process in processes:
        process.start()
    begin.wait()
    began = time.monotonic()
    ended.wait()
    seconds = time.monotonic() - began
    for process in processes:
        process.join()
    return seconds


def screened(table: pd.DataFrame, folder: Path) -> float:
    """Return the seconds of a whole screening, processes' start, checksums and duplicates included."""
    began = time.monotonic()
    found = screen(
        table, lambda digest: (folder / digest).read_bytes(), folder.joinpath, Screen(), Nothing(), processors()
    )
    seconds = time.monotonic() - began
    if len(found.accepted) + len(found.quarantine) != len(table):
        raise SystemExit("accepted and quarantined do not add up")
    return seconds


def speed(archive: Path) -> None:
    """Print images a second, both ways, in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = unpacked(archive, folder)
        paths = [folder / digest for digest in table["sha256"]]
        pairs = [(bare(paths), screened(table, folder)) for _ in range(REPEATS)]
    theirs, ours = (len(table) / statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(
        f"{archive.name}, {len(table)} images, {WORKERS} workers: cv2.imdecode {theirs:.0f} images/s, "
        f"screen {ours:.0f} images/s, ratio {ours / theirs:.2f} (bar 0.6)"
    )


def anonymous(pid: int) -> Iterator[int]:
    """Yield the anonymous memory of a process and of its children, in KiB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text(encoding="utf-8").split() if task.name != str(pid) else []
    except OSError:
        return
    yield from (int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    for child in set(children):
        yield from anonymous(int(child))


def memory(archive: Path, count: int) -> float:
    """Return the peak of the anonymous memory of screening so many images, all processes, in MiB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "images").mkdir()
        unpacked(archive, folder / "images", count).to_csv(folder / "table.csv", index=False)
        script = (
            "import sys; sys.path.insert(0, sys.argv[1]); import ingest, pandas; from pathlib import Path\n"
            "table = pandas.read_csv(sys.argv[2], dtype=str, keep_default_na=False)\n"
            "ingest.screened(table, Path(sys.argv[3]))"
        )
        here = str(Path(__file__).parent)
        command = [sys.executable, "-c", script, here, str(folder / "table.csv"), str(folder / "images")]
        peak = 0
        with subprocess.Popen(command) as process:
            ended = threading.Event()
            threading.Thread(target=lambda: (process.wait(), ended.set()), daemon=True).start()
            while not ended.wait(0.05):
                peak = max(peak, sum(anonymous(process.pid)))
        return peak / 1024


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--zip", type=Path, required=True)
    parser.add_argument("--large", type=Path)
    options = parser.parse_args()
    speed(options.zip)
    if options.large:
        few, many = memory(options.large, 2_500), memory(options.large, 60_000)
        print(f"{options.large.name}: peak RssAnon {few:.0f} MiB for 2,500 images, {many:.0f} MiB for 60,000")


if __name__ == "__main__":
    main()
