"""Measure reruns against DVC on the same folder, in one run.

    .venv/bin/python benchmarks/rerun.py [--dvc PATH_OF_DVC] [--files 20000] [--scale 1000,10000,100000]

DVC lives in an environment of its own: ``uv venv /tmp/dvc && uv pip install --python /tmp/dvc/bin/python
--compile-bytecode dvc==3.67.*``. Both are compiled and warm; every number is the median of some runs. Our side runs the
real command on the real folder up to balance; the training steps are cut to one epoch of a tiny network.
"""

import argparse
import compileall
import itertools
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

EVERGREEN = Path(sys.executable).with_name("evergreen")
REPEATS = 5
TINY = [
    "repair.classes=[a, b, c, d]",
    "image={height: 8, width: 8}",
    "train.cnn=[{filters: 2}]",
    "train.head={pooling: average}",
    "train.phases=[{epochs: 1, batch: 512}]",
    "export.formats=[tflite-float32]",
    "split={method: exact, validation: 0.1, test: 0.1}",
]


def make_photos(folder: Path, count: int) -> None:
    """Write ``count`` different PNGs of 8x8 pixels into four class folders."""
    rng = np.random.default_rng(0)
    for index in range(count):
        path = folder / "abcd"[index % 4] / f"{index:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def measured(command: list[str], folder: Path, **environment: str) -> tuple[float, int, str]:
    """Run a command and return its seconds, its peak memory in bytes, and what it printed."""
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        out, err = (pipe.read() if pipe else "" for pipe in (process.stdout, process.stderr))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {err[-2000:]}")
    return time.monotonic() - began, usage.ru_maxrss * 1024, out


def median(run: Callable[[], tuple[float, int, str]]) -> tuple[float, int]:
    """Return the median seconds and the peak memory of some runs, after one to warm up."""
    run()
    runs = [run() for _ in range(REPEATS)]
    return statistics.median(seconds for seconds, _, _ in runs), max(memory for _, memory, _ in runs)


class Dvc:
    """A DVC project with one stage that depends on the folder."""

    def __init__(self, dvc: str, folder: Path) -> None:
        self.dvc, self.folder = dvc, folder
        count = "str(sum(1 for _ in Path('photos').rglob('*.png')))"
        (folder / "stage.py").write_text(f"from pathlib import Path\nPath('count.txt').write_text({count})\n")
        command = f"{shlex.quote(sys.executable)} stage.py"  # DVC gives it to a shell
        stage = {"cmd": command, "deps": ["photos", "stage.py"], "outs": ["count.txt"]}
        (folder / "dvc.yaml").write_text(json.dumps({"stages": {"count": stage}}))
        measured([dvc, "init", "--no-scm", "-q"], folder)
        measured([dvc, "config", "core.analytics", "false"], folder)
        self.repro()

    def repro(self) -> tuple[float, int, str]:
        """Run ``dvc repro``."""
        return measured([self.dvc, "repro"], self.folder)


class Ours:
    """The command on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.retrain()

    def retrain(self, server: str = "") -> tuple[float, int, str]:
        """Run ``evergreen retrain`` on the folder."""
        options = [part for value in TINY for part in ("--set", value)]
        command = [str(EVERGREEN), "retrain", "digits", "--json", "--source", "photos", "--store", "store", *options]
        return measured(command, self.folder, **({"PREFECT_API_URL": server} if server else {}))


def outside_steps(run: tuple[float, int, str]) -> float:
    """Return the seconds of a run that no step's body accounts for."""
    summary: dict[str, Any] = json.loads(run[2])
    return run[0] - sum(step["seconds"] for step in summary["steps"])


def no_change(dvc: str, count: int) -> tuple[float, float, float, float]:
    """Print and return both tools' seconds and peak MiB for a folder of ``count`` files in which nothing changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder / "photos", count)
        theirs, ours = Dvc(dvc, folder), Ours(folder)
        ours.retrain()
        (dvc_s, dvc_b), (our_s, our_b) = median(theirs.repro), median(ours.retrain)
        found = dvc_s, dvc_b / 2**20, our_s, our_b / 2**20
        line = "{:>7} files, nothing changed: dvc {:.2f} s {:.0f} MiB, evergreen {:.2f} s {:.0f} MiB, ratio {:.2f}"
        print(line.format(count, *found, our_s / dvc_s), flush=True)
        return found


def scale(dvc: str, counts: list[int]) -> None:
    """Print both tools for several sizes of folder, and what a file costs between each two of them."""
    found = [no_change(dvc, count) for count in counts]
    line = "a file, from {:,} to {:,}: dvc {:.0f} us {:.1f} KiB, evergreen {:.0f} us {:.1f} KiB"
    for (fewer, below), (more, above) in itertools.pairwise(zip(counts, found, strict=True)):
        dvc_s, dvc_m, our_s, our_m = ((high - low) / (more - fewer) for low, high in zip(below, above, strict=True))
        print(line.format(fewer, more, dvc_s * 1e6, dvc_m * 1024, our_s * 1e6, our_m * 1024))


def with_changes(dvc: str, count: int) -> None:
    """Print the three rows of the table for ``count`` files."""
    from prefect.server.api.server import SubprocessASGIServer

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photos(folder / "photos", count)
        theirs, ours = Dvc(dvc, folder), Ours(folder)
        dvc_s, _ = median(theirs.repro)
        our_s, _ = median(ours.retrain)
        print(f"no server: dvc {dvc_s:.2f} s, evergreen {our_s:.2f} s, ratio {our_s / dvc_s:.2f} (bar 1.0)")
        (folder / "prefect").mkdir()
        os.environ["PREFECT_HOME"] = str(folder / "prefect")
        with SubprocessASGIServer() as server:
            served_s, _ = median(lambda: ours.retrain(server.api_url))
            print(f"server running: evergreen {served_s:.2f} s, dvc + {served_s - dvc_s:.2f} s (bar dvc + 4 s)")
            outside = []
            for index in range(3):
                changed = cv2.imencode(".png", np.full((8, 8, 3), index, np.uint8))[1].tobytes()
                (folder / "photos/a/000000.png").write_bytes(changed)
                outside.append(outside_steps(ours.retrain(server.api_url)))
            seconds = statistics.median(outside)
            print(
                f"one file changed, outside the steps: {seconds:.2f} s, dvc + {seconds - dvc_s:.2f} s (bar dvc + 1 s)"
            )
        del os.environ["PREFECT_HOME"]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dvc", default="dvc")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--scale", default="1000,10000,100000")
    options = parser.parse_args()
    for package in (
        "commands",
        "evergreen",
        "flows",
        "runs",
        "storage",
        "tasks",
    ):  # as DVC is, also where Python may not write bytecode
        compileall.compile_dir(Path(__file__).parents[1] / package, quiet=1)
    if options.files:
        with_changes(options.dvc, options.files)
    if options.scale:
        scale(options.dvc, [int(count) for count in options.scale.split(",")])


if __name__ == "__main__":
    main()
