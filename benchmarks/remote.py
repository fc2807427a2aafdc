"""Measure the remote: a run pushed and pulled beside DVC, and one object of 1 GiB up and down.

    .venv/bin/python benchmarks/remote.py run --store STORE [--run ID] [--times 3] [--server seaweed]
    .venv/bin/python benchmarks/remote.py object [--mib 1024] [--server seaweed]

run: ``evergreen push ID`` into an empty remote and ``evergreen pull ID`` into an empty store, against ``dvc push`` and
``dvc pull`` of the same run's archive, model and exports; each time into another prefix of one bucket, by turns, with
the whole commands' wall time and their seconds of CPU. Evergreen moves more than that: tables, records, code, the
report. What was pulled is compared byte for byte, ours and theirs. ``dvc add``, which hashes the files before, is
stated beside; our push checks each blob against its digest as well. Without ``--run`` the newest completed run of the
store. Of the store only ``remote/`` is written to, and what is new there goes again.

object: a file of so many MiB of random bytes is published, pushed, and brought into another store, with SHA-256 at both
ends. Memory is the most that the process ever had.

The server is SeaweedFS or moto's (``make setup EXTRAS=remote-tests``), on loopback, started here. DVC and dvc-s3 live
in ``.venv-dvc`` of the clone, which the first run makes, by uv or by pip. Each row goes to ``rows.jsonl``.
"""

import argparse
import filecmp
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accuracy import commit, keep
from retraining import EVERGREEN, processor

from runs.shared.opening import opened
from storage.artifacts import Ref
from storage.remote.push import Cargo, Memory, push
from storage.runs import summaries
from storage.store import Store

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "support" / "stores"))

from remotes import BUCKET, KEY, SECRET, moto_server, seaweed_server  # noqa: E402

DVC = ("dvc==3.67.1", "dvc-s3==3.3.0")
STEPS = ("acquire", "train", "export")


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "object"))
    parser.add_argument("--store", type=Path, help="a store with a completed run")
    parser.add_argument("--run", help="its id; default: the newest that completed")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--mib", type=int, default=1024, help="of the object")
    parser.add_argument("--server", choices=("seaweed", "moto"), default="seaweed")
    arguments = parser.parse_args()
    if arguments.what == "run" and not (arguments.store and arguments.store.is_dir()):
        parser.error("run: expected --store FOLDER, a store with a completed run")
    at = datetime.now(UTC).isoformat(timespec="minutes")
    about = {"what": f"remote {arguments.what}", "commit": commit(), "processor": processor(), "at": at}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(arguments.server, folder) as address:
            os.environ |= {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
            if arguments.what == "object":
                keep(about | {"server": arguments.server} | one_object(arguments.mib, folder))
            else:
                found = one_run(arguments.store.resolve(), arguments.run, arguments.times, folder)
                keep(about | {"server": arguments.server} | found)


@contextmanager
def served(kind: str, folder: Path) -> Iterator[str]:
    """Run a server of S3 on loopback, and yield its address."""
    data = folder / "server"
    data.mkdir()
    with seaweed_server(data) if kind == "seaweed" else moto_server() as address:
        yield address


def one_object(mib: int, folder: Path) -> dict[str, Any]:
    """Return the seconds of pushing and bringing one blob, and the peak of memory."""
    os.environ["EVERGREEN_REMOTE"] = f"s3://{BUCKET}/object"
    given = folder / "given"
    with given.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(2**20))
    first, other = opened(folder / "a"), opened(folder / "b")
    ref = first.publish("archive", {"photos.zip": given})
    digest = first.manifest(ref.sha256).files["photos.zip"].sha256
    behind: Any = first.behind
    cargo = Cargo("one", "digits", {}, (ref.sha256,), (), ())
    up = seconds(lambda: push(first, behind.remote, cargo, Memory(folder / "known")))
    down = seconds(lambda: other.checked_blob(digest))
    if not filecmp.cmp(given, other.blob_path(digest), shallow=False):
        raise SystemExit("other bytes came back")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"mib": mib, "up": up, "down": down, "peak_mib": peak}


def one_run(store: Path, run: str | None, times: int, folder: Path) -> dict[str, Any]:
    """Return what pushing and pulling a run costs, by Evergreen and by DVC."""
    ended = [one for one in summaries(Store(store)) if one["outcome"] == "completed" and (run in (None, one["id"]))]
    if not ended:
        raise SystemExit(f"{store}: expected {f'a completed run {run}' if run else 'a completed run'}, found none")
    summary = max(ended, key=lambda one: str(one["id"]))
    outputs = {step["name"]: step["output"] for step in summary["steps"]}
    refs = {step: Store(store).manifest(outputs[step]).ref() for step in STEPS}
    theirs, ours = Theirs(dvc(), store, refs, folder), Ours(store, str(summary["id"]), refs, folder)
    turns = []
    for number in range(times):
        pair = [("evergreen", ours.turn), ("dvc", theirs.turn)]
        turns.append({name: turn(number) for name, turn in (pair if number % 2 else pair[::-1])})
        print(json.dumps(turns[-1]), flush=True)
    ratios = {
        verb: round(statistics.median(turn["evergreen"][verb]["wall"] / turn["dvc"][verb]["wall"] for turn in turns), 2)
        for verb in ("push", "pull")
    }
    blobs = [blob for ref in refs.values() for blob in Store(store).manifest(ref.sha256).files.values()]
    return {
        "recipe": summary["recipe"],
        "run": summary["id"],
        "files": len(blobs),
        "mib": round(sum(blob.size for blob in blobs) / 2**20, 1),
        "dvc_add": theirs.add,
        "turns": turns,
        "ratio": ratios,
    }


class Ours:
    """Evergreen's own commands."""

    def __init__(self, store: Path, run: str, refs: dict[str, Ref], folder: Path) -> None:
        self._store, self._run, self._refs, self._folder = store, run, refs, folder

    def turn(self, number: int) -> dict[str, Any]:
        """Push the run into an empty remote, and pull it into an empty store."""
        os.environ["EVERGREEN_REMOTE"] = f"s3://{BUCKET}/evergreen-{number}"
        empty = self._folder / f"store-{number}"
        memories = set((self._store / "remote").glob("*"))
        pushed = timed([str(EVERGREEN), "push", self._run, "--store", str(self._store)], self._folder)
        pulled = timed([str(EVERGREEN), "pull", self._run, "--store", str(empty)], self._folder)
        del os.environ["EVERGREEN_REMOTE"]
        for new in set((self._store / "remote").glob("*")) - memories:
            shutil.rmtree(new)
        for step, ref in self._refs.items():
            if damaged := Store(empty).damaged(ref):
                raise SystemExit(f"evergreen pull: {len(damaged)} files of {step} are not what was pushed")
        shutil.rmtree(empty)
        return {"push": pushed, "pull": pulled}


class Theirs:
    """A DVC project with the same files."""

    def __init__(self, program: Path, store: Path, refs: dict[str, Ref], folder: Path) -> None:
        self._program, self._folder, self._project = program, folder, folder / "dvc"
        for step, ref in refs.items():
            Store(store).materialise(ref, self._project / "data" / step)
        os.environ["DVC_SITE_CACHE_DIR"] = str(folder / "dvc-site")
        os.environ["DVC_NO_ANALYTICS"] = "1"
        self._dvc(self._project, "init", "--no-scm", "--quiet")
        self.add = self._dvc(self._project, "add", "data", "--quiet")

    def turn(self, number: int) -> dict[str, Any]:
        """Push the files into an empty remote, and pull them into a project that has none."""
        self._dvc(self._project, "remote", "add", "--default", "--force", "there", f"s3://{BUCKET}/dvc-{number}")
        self._dvc(self._project, "remote", "modify", "there", "endpointurl", os.environ["AWS_ENDPOINT_URL"])
        pushed = self._dvc(self._project, "push")
        empty = self._folder / f"dvc-{number}"
        (empty / ".dvc").mkdir(parents=True)
        shutil.copy(self._project / "data.dvc", empty)
        shutil.copy(self._project / ".dvc" / "config", empty / ".dvc")
        pulled = self._dvc(empty, "pull")
        given = {path for path in (self._project / "data").rglob("*") if path.is_file()}
        other = [
            path
            for path in given
            if not filecmp.cmp(path, empty / "data" / path.relative_to(self._project / "data"), shallow=False)
        ]
        if other:
            raise SystemExit(f"dvc pull: {len(other)} files are not what was pushed")
        shutil.rmtree(empty)
        return {"push": pushed, "pull": pulled}

    def _dvc(self, project: Path, *words: str) -> dict[str, float]:
        return timed([str(self._program), *words], project)


def dvc() -> Path:
    """Return the program DVC, of an environment that is made if it is not there."""
    home = PROJECT / ".venv-dvc"
    program = home / "bin" / "dvc"
    if program.exists():
        return program
    uv = shutil.which("uv")
    commands = [[sys.executable, "-m", "venv", str(home)]]
    if uv:
        commands = [[uv, "venv", "--quiet", "--python", sys.executable, str(home)]]
        commands += [[uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", f"{home}/bin/python", *DVC]]
    else:
        commands += [[f"{home}/bin/python", "-m", "pip", "install", "--quiet", *DVC]]
    for command in commands:
        subprocess.run(command, check=True)
    subprocess.run([str(program), "--version"], check=True, stdout=subprocess.DEVNULL)  # compiled, and warm
    return program


def timed(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command, and return its seconds of wall time and of CPU, with those of what it started."""
    os.sync()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {(done.stderr or done.stdout)[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": round(wall, 2), "cpu": round(cpu, 2)}


def seconds(do: Any) -> float:
    """Return how long something takes, in seconds of wall time."""
    os.sync()
    began = time.monotonic()
    do()
    return round(time.monotonic() - began, 2)


if __name__ == "__main__":
    main()
