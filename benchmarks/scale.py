"""Measure what a hundred thousand and a million images cost one machine.

    .venv/bin/python benchmarks/scale.py hashes
    .venv/bin/python benchmarks/scale.py tables [--rows 1000000]
    .venv/bin/python benchmarks/scale.py images [--images 100000] [--store FOLDER]
    .venv/bin/python benchmarks/scale.py screening --archive cifar-10-images.zip [--images 60000]
    .venv/bin/python benchmarks/scale.py features --archive dataset-resized.zip [--images 2527]
    .venv/bin/python benchmarks/scale.py noop

hashes: the searches for near-duplicates that a run does, at the default 3 bits, in seconds of CPU (which work beside it
adds little to) and in peak memory of a process of its own, libraries in it: among random hashes, those of pictures that
have 49 copies each, half of which differ by a bit or two, and equal ones.

tables: writing and reading what travels between steps for so many images, each in a process of its own, in seconds of
CPU, and by how much its memory grew at most meanwhile; "over" is what costs over 5 s or 500 MiB.

images: a zip of so many JPEGs of about 1 KB is made, and goes through ``evergreen inspect`` (acquire to split) twice:
seconds of every step, wall time of both runs, and the most anonymous memory that all processes had together. Nothing
else may run beside it. Give 100000, then 1000000, each a folder: a step is linear if its seconds are ten times as many.

noop: a retraining with nothing to do, without a remote and with an unchanged one behind it, a folder and a bucket of
moto's server on loopback, in turns: medians, their difference in seconds, and their ratio.

screening: so many images of a zip are screened by one Dask worker, and by two: ``screening.py``. Nothing else may run
beside it.

features: EfficientNet-Lite0's features of so many photos, by one thread of this machine, by a Dask worker, and by two:
``spread_features.py``. Likewise.

Each row goes to ``rows.jsonl``, as those of ``accuracy.py`` do.
"""

import argparse
import gc
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import pandas as pd
from accuracy import commit, keep
from ingest import anonymous
from retraining import EVERGREEN, processor, seconds_of

from evergreen.columns import from_arrow, to_arrow
from evergreen.tables import from_csv, to_csv
from storage.artifacts import Blob, Manifest
from storage.digests import sha256_bytes

BITS = 3
COUNTS = (200_000, 1_000_000)
COPIES = 50
REPEATS = 7
SMALL = ("train.phases.0.epochs=1", "export.formats=[keras]")
SETTINGS = ("repair.classes=[]", "split={method: stable, validation: 0.1, test: 0.1}")


def main() -> None:
    """Measure what the arguments name."""
    if sys.argv[1:2] == ["one"]:  # a process that measures one thing of itself
        print(json.dumps(ONES[sys.argv[2]](*sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("hashes", "tables", "images", "screening", "features", "noop"))
    parser.add_argument("--rows", type=int, default=1_000_000, help="of tables")
    parser.add_argument("--images", type=int, help="of the archive; 100,000, or of screening and features all")
    parser.add_argument("--archive", type=Path, help="zip of the images that are screened or shown to a network")
    parser.add_argument("--store", type=Path, help="keep archive and store of images in this folder")
    arguments = parser.parse_args()
    at = datetime.now(UTC).isoformat(timespec="minutes")
    about = {"what": f"scale {arguments.what}", "commit": commit(), "processor": processor(), "at": at}
    match arguments.what:
        case "hashes":
            keep(about | hashes())
        case "tables":
            keep(about | tables(arguments.rows))
        case "noop":
            keep(about | noop())
        case "images":
            with tempfile.TemporaryDirectory() as folder:
                keep(about | images(arguments.images or 100_000, arguments.store or Path(folder)))
        case "screening":
            from screening import screening  # it wants Dask

            with tempfile.TemporaryDirectory() as folder:
                keep(about | screening(arguments.archive, arguments.images, Path(folder)))
        case "features":
            from spread_features import features  # likewise

            keep(about | features(arguments.archive, arguments.images))


def noop() -> dict[str, Any]:
    """Return how long a retraining with nothing to do takes without a remote, and by how much longer with one."""
    with tempfile.TemporaryDirectory() as folder, s3() as bucket:
        root = Path(folder)
        (root / "remote").mkdir()
        remotes = {"none": {}, "folder": {"EVERGREEN_REMOTE": str(root / "remote")}, "bucket": bucket}
        for environment in (remotes["none"], remotes["folder"], remotes["bucket"]):  # trained, then pushed
            retrained(root / "store", environment)
        taken: dict[str, list[float]] = {name: [] for name in remotes}
        for _ in range(REPEATS):
            for name, environment in remotes.items():
                taken[name].append(retrained(root / "store", environment))
    medians = {name: round(median(seconds), 2) for name, seconds in taken.items()}
    alone = medians["none"]
    beside = {
        name: {"more_seconds": round(medians[name] - alone, 2), "ratio": round(medians[name] / alone, 2)}
        for name in ("folder", "bucket")
    }
    return {
        "seconds": medians,
        **beside,
        "all": {name: [round(one, 2) for one in some] for name, some in taken.items()},
    }


def retrained(store: Path, environment: dict[str, str]) -> float:
    """Retrain the digits, as small as can be, and return the command's seconds."""
    words = [str(EVERGREEN), "retrain", "digits", "--json", "--store", str(store)]
    words += [part for setting in SMALL for part in ("--set", setting)]
    began = time.monotonic()
    subprocess.run(
        words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )
    return time.monotonic() - began


@contextmanager
def s3() -> Iterator[dict[str, str]]:
    """Start moto's server with a bucket, and yield the environment that names it; needs ``EXTRAS=remote-tests``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    signed = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/s3/aws4_request"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                with suppress(OSError):
                    asked = HTTPConnection("127.0.0.1", port, timeout=30)
                    asked.request("PUT", "/bench", headers={"Authorization": signed})
                    if asked.getresponse().status == 200:
                        break
                time.sleep(0.05)
            else:
                raise SystemExit("moto's server did not start: make setup EXTRAS=remote-tests")
            keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
            address = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "EVERGREEN_REMOTE": "s3://bench/noop"}
            yield keys | address | {"NO_PROXY": "127.0.0.1"}
        finally:
            server.kill()


def hashes() -> dict[str, Any]:
    """Return seconds of CPU and peak memory of every search, by how many hashes of which kind."""
    return {"bits": BITS, "cases": [alone("search", str(count), kind) for count in COUNTS for kind in KINDS]}


def search(count: str, kind: str) -> dict[str, Any]:
    """Return the seconds of CPU of three searches: for ``screen``, for ``split``, and for near-duplicates across it."""
    from evergreen.datasets import near

    drawn = KINDS[kind](int(count), np.random.default_rng(0))
    sides = np.random.default_rng(1).choice(3, len(drawn), p=[0.8, 0.1, 0.1])
    near.groups(drawn[:1000], BITS)  # what is imported is not counted
    seconds = {}
    for name, call in {
        "nearest_earlier": lambda: near.nearest_earlier(drawn, BITS),
        "groups": lambda: near.groups(drawn, BITS),
        "first_of_lower_rank": lambda: near.first_of_lower_rank(drawn, sides, BITS),
    }.items():
        began = time.process_time()
        call()
        seconds[name] = round(time.process_time() - began, 2)
    return {"count": len(drawn), "kind": kind, "cpu_seconds": seconds, "peak_mib": peak()}


def with_copies(count: int, random: np.random.Generator) -> np.ndarray:
    """Return hashes of pictures with copies, half of which differ from the first in one or two bits; in any order."""
    drawn = np.repeat(random.integers(0, 2**64 - 1, count // COPIES, dtype=np.uint64), COPIES)
    for _ in range(2):
        drawn[::2] ^= np.uint64(1) << random.integers(0, 64, len(drawn[::2]), dtype=np.uint64)
    return random.permutation(drawn)


KINDS = {
    "random": lambda count, random: random.integers(0, 2**64 - 1, count, dtype=np.uint64),
    "copies": with_copies,
    "equal": lambda count, _: np.full(count, 7, np.uint64),
}


def tables(rows: int) -> dict[str, Any]:
    """Return what writing and reading each table of so many images costs."""
    with tempfile.TemporaryDirectory() as folder:
        cases = [alone("table", name, way, str(rows), folder) for name in TABLES for way in ("write", "read")]
    over = [f"{case['way']} {case['table']}" for case in cases if case["cpu_seconds"] > 5 or case["grew_mib"] > 500]
    return {"rows": rows, "cases": cases, "over": over}


def table(name: str, way: str, rows: str, folder: str) -> dict[str, Any]:
    """Return what writing a table into a folder, or reading it from there, costs."""
    file = Path(folder) / name
    write, read = TABLES[name]
    given: Any = made(int(rows), name) if way == "write" else file.read_bytes()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew: proc(5)
    before, began = memory("VmRSS"), time.process_time()
    found = write(given) if way == "write" else read(given)
    seconds, grew = time.process_time() - began, memory("VmHWM") - before
    if way == "write":
        file.write_bytes(found)
    size = file.stat().st_size / 2**20
    return {"table": name, "way": way, "mib": round(size), "cpu_seconds": round(seconds, 1), "grew_mib": round(grew)}


def made(rows: int, name: str) -> Any:
    """Return a table, or a manifest, of images that are not there: a hundred classes, 1 to 200 KB each."""
    random = np.random.default_rng(0)
    digests = [random.bytes(32).hex() for _ in range(rows)]
    sizes = random.integers(1_000, 200_000, rows)
    if name == "manifest":
        blobs = {f"files/{digest}": Blob(digest, size) for digest, size in zip(digests, sizes.tolist(), strict=True)}
        return Manifest("files", blobs)
    labels = [f"class {number % 100:02d}" for number in range(rows)]
    paths = [f"photos/{label}/{number:07d}.jpg" for number, label in enumerate(labels)]
    files = pd.DataFrame({"path": paths, "sha256": digests, "bytes": sizes, "archive": "photos.zip", "kind": "image"})
    if name.startswith("files."):
        return files
    measured = {
        "width": random.integers(100, 1000, rows),
        "height": random.integers(100, 1000, rows),
        "mode": "RGB",
        "format": "JPEG",
        "pixels": [random.bytes(32).hex() for _ in range(rows)],
        "brightness": random.uniform(0, 255, rows).round(2),
        "sharpness": random.uniform(0, 9999, rows).round(2),
        "phash": [random.bytes(8).hex() for _ in range(rows)],
    }
    return files[["path", "sha256", "bytes"]].assign(label=labels, subset="", **measured)


def images(count: int, folder: Path) -> dict[str, Any]:
    """Return what the steps of the data cost for an archive of so many images, and what asking again does."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"photos-{count}.zip"
    if not archive.exists():
        packed(count, archive)
    words = ["inspect", "digits", "--json", "--store", str(folder / "store"), "--source", str(archive)]
    words += [part for setting in SETTINGS for part in ("--set", setting)]
    first, wall, most = run(words)
    again, second, most_again = run(words)
    return {
        "images": count,
        "archive_mib": archive.stat().st_size // 2**20,
        "seconds": seconds_of(first),
        "wall": round(wall, 1),
        "peak_mib": most,
        "second_run": {"wall": round(second, 1), "peak_mib": most_again, "ran": ran(again)},
    }


def packed(count: int, archive: Path) -> None:
    """Write a zip of different JPEGs of 32x32 pixels and about 1 KB, in a hundred folders."""
    random = np.random.default_rng(0)
    part = archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as zipped:
        for number in range(count):
            pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
            data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 50])[1].tobytes()
            zipped.writestr(f"class {number % 100:02d}/{number:07d}.jpg", data)
    part.replace(archive)


def run(words: list[str]) -> tuple[dict[str, Any], float, int]:
    """Run a command; return its run.json, its wall time, and the most anonymous memory of all its processes in MiB."""
    began, most = time.monotonic(), 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        with subprocess.Popen([str(EVERGREEN), *words], stdout=said) as process:
            while process.poll() is None:
                most = max(most, sum(anonymous(process.pid)))
                time.sleep(0.1)
        wall = time.monotonic() - began
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"evergreen {' '.join(words)} failed: {text[-2000:]}")
    return json.loads(text), wall, most // 1024


def ran(summary: dict[str, Any]) -> list[str]:
    """Return the steps of a run that were not reused."""
    return [step["name"] for step in summary["steps"] if step["state"] != "reused"]


def memory(name: str) -> float:
    """Return a line of this process's status, in MiB: VmRSS is what it has, VmHWM the most that it had."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def alone(what: str, *words: str) -> dict[str, Any]:
    """Return what a process of its own measures."""
    done = subprocess.run([sys.executable, __file__, "one", what, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} {' '.join(words)} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peak() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


TABLES: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "files.csv": (to_csv, from_csv),
    "files.arrow": (to_arrow, from_arrow),
    "dataset.csv": (to_csv, from_csv),
    "dataset.arrow": (to_arrow, from_arrow),
    "manifest": (Manifest.canonical, lambda data: Manifest.parse(data, sha256_bytes(data))),
}
ONES = {"search": search, "table": table}


if __name__ == "__main__":
    main()
