"""Measure acquiring: a download against curl, an extraction against unzip and sha256sum, each pair in one run.

    .venv/bin/python benchmarks/acquire.py --zip PATH_OF_A_LARGE_ZIP [--mib 512]

Our side runs in a process of its own each time, Python's start and imports included, as curl's and unzip's are.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rerun import measured

REPEATS = 5
PROJECT = Path(__file__).resolve().parents[1]

DOWNLOAD = """
import sys, time
from pathlib import Path
from evergreen.sources.fetching.answers import Ask
from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.fetching.download import Wanted, fetch

class Shelf:
    def has(self, kept):
        return False
    def take(self, path, kept):
        path.replace(sys.argv[2])

folder = Path(sys.argv[2]).parent / "downloads"
context = SourceContext(Shelf(), folder, folder, None, lambda *progress: None)
began = time.monotonic()
fetch(Wanted("file", Ask(lambda: sys.argv[1], "loopback", ""), "label"), context)
print(time.monotonic() - began)
"""

EXTRACT = """
import sys, time
from pathlib import Path
from evergreen.sections.data import Unpack
from evergreen.sources.unpack import unpack
from storage.artifacts import Blob
from storage.store import Store

began = time.monotonic()
store = Store(Path(sys.argv[2]))
with store.workspace() as folder:
    files = unpack({"archive.zip": Path(sys.argv[1])}, None, folder, Unpack())
    store.adopt({member.path: Blob(member.sha256, member.size) for _, member in files})
print(time.monotonic() - began)
"""

REFUSE = """
import sys, time
from pathlib import Path
from evergreen.errors import BadArchive
from evergreen.sections.data import Unpack
from evergreen.sources.unpack import unpack

Path(sys.argv[2]).mkdir()
began = time.monotonic()
try:
    list(unpack({"archive.zip": Path(sys.argv[1])}, None, Path(sys.argv[2]), Unpack()))
except BadArchive as error:
    print(f"{time.monotonic() - began:.2f} s: {error}")
"""


def pairs(theirs: list[str], ours: list[str], folder: Path) -> tuple[float, float, float, int]:
    """Return medians in seconds (theirs, ours, ours without Python's start) and our peak memory.

    The two take turns, and each starts on a synced disk.
    """
    seconds: dict[str, list[float]] = {"theirs": [], "ours": [], "inside": []}
    memory = 0
    for _ in range(REPEATS):
        for name, command in (("theirs", theirs), ("ours", ours)):
            work = folder / name
            work.mkdir()
            os.sync()
            took, peak, out = measured(command, work, PYTHONPATH=str(PROJECT))
            seconds[name].append(took)
            if name == "ours":
                memory = max(memory, peak)
                seconds["inside"].append(float(out))
            shutil.rmtree(work)
    return *(statistics.median(values) for values in seconds.values()), memory


def download(folder: Path, mib: int) -> None:
    """Print seconds and memory for a file of that size, and for one of an eighth."""
    served = folder / "served"
    served.mkdir()
    block = os.urandom(1 << 20)
    for name, size in (("large", mib), ("small", mib // 8)):
        with (served / name).open("wb") as file:
            for _ in range(size):
                file.write(block)
    command = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(served)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            port = server.stdout.readline().split()[5].decode() if server.stdout else ""
            for name, size in (("small", mib // 8), ("large", mib)):
                url = f"http://127.0.0.1:{port}/{name}"
                curl = ["curl", "-s", "-o", "file", url]
                theirs, ours, inside, memory = pairs(curl, [sys.executable, "-c", DOWNLOAD, url, "file"], folder)
                print(
                    f"download of {size} MiB: curl {theirs:.2f} s, evergreen {ours:.2f} s with SHA-256, "
                    f"ratio {ours / theirs:.2f} (bar 1.3), without Python's start {inside / theirs:.2f}, "
                    f"peak memory {memory / 2**20:.0f} MiB"
                )
        finally:
            server.terminate()


def extract(folder: Path, archive: Path) -> None:
    """Print seconds and memory for a zip."""
    theirs = ["sh", "-c", f"unzip -q '{archive}' -d files && find files -type f -print0 | xargs -0 sha256sum > sums"]
    ours = [sys.executable, "-c", EXTRACT, str(archive), "store"]
    their_s, our_s, _, memory = pairs(theirs, ours, folder)
    print(
        f"{archive.name}: unzip and sha256sum {their_s:.2f} s, evergreen {our_s:.2f} s with a sync of the disk, "
        f"ratio {our_s / their_s:.2f} (bar 1.3), peak memory {memory / 2**20:.0f} MiB"
    )


def refuse(folder: Path) -> None:
    """Print how soon bombs are refused."""
    import struct
    import zipfile
    import zlib

    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 9, 9, 2_000_000 * len(entry), 0, 0)
    (folder / "entries.zip").write_bytes(entry * 2_000_000 + end)
    member = zipfile.ZipInfo("zeros")
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(folder / "zeros.zip", "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open(member, "w") as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    packer = zlib.compressobj(9, wbits=31)
    import tarfile

    header = tarfile.TarInfo("zeros")
    header.size = 400 << 20
    with (folder / "zeros.tar.gz").open("wb") as out:
        out.write(packer.compress(header.tobuf()))
        for _ in range(400):
            out.write(packer.compress(bytes(1 << 20)))
        out.write(packer.compress(bytes(1024)) + packer.flush())
    for name in ("entries.zip", "zeros.zip", "zeros.tar.gz"):
        command = [sys.executable, "-c", REFUSE, str(folder / name), str(folder / f"out-{name}")]
        print(f"refused {name} after {measured(command, folder, PYTHONPATH=str(PROJECT))[2].strip()}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--zip", type=Path)
    parser.add_argument("--mib", type=int, default=512)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        download(Path(name), options.mib)
        refuse(Path(name))
        if options.zip:
            extract(Path(name), options.zip.resolve())


if __name__ == "__main__":
    main()
