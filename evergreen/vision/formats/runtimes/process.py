"""Run an export's runtime in a process of its own: a folder with images goes in, scores and times come out.

``images.bin`` (uint8, N x H x W x 3) and ``shape.json`` go in; ``scores.bin`` (float32, N x K) and ``answers.json``
(``classes``, ``load_seconds``, ``seconds``, ``threads``) come out.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.vision.formats.contract import Answers, Predictor, RuntimeNotInstalled

_ISOLATED = Path(__file__).with_name("isolated.py")
_NOT_INSTALLED = 3  # what isolated.py exits with
_START_SECONDS = 300
_IMAGE_SECONDS = 10


def python(kind: str, folder: Path) -> Predictor:
    """Return a predictor that runs ``isolated.py``, which holds the runtime's side, on one export's folder."""
    return predictor(f"{kind} in a process of its own", [sys.executable, "-I", str(_ISOLATED), kind, str(folder)])


def predictor(name: str, command: list[str]) -> Predictor:
    """Return a predictor that runs a command, which is given one more argument: the folder described above.

    Args:
        name: what runs, for errors.
        command: the program and its arguments.
    """

    def run(images: np.ndarray) -> Answers:
        with exchange(images) as work:
            done = _ended(name, [*command, str(work)], limit_seconds(len(images)))
            if done.returncode == _NOT_INSTALLED:
                raise RuntimeNotInstalled(done.stderr.strip().splitlines()[-1])
            if done.returncode != 0:
                said = done.stderr.strip()[-20_000:] or "it said nothing"
                raise ExportRefused(f"{name} ended with code {done.returncode}:\n{said}")
            return read_answers(work, len(images))

    return Predictor(run)


def _ended(name: str, command: list[str], limit: int) -> subprocess.CompletedProcess[str]:
    # The accelerator is hidden: exports are compared on the CPU.
    hidden = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}
    environment = os.environ | hidden
    try:
        return subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise ExportRefused(f"{name} gave no answer within {limit} s") from None


@contextmanager
def exchange(images: np.ndarray) -> Iterator[Path]:
    """Yield a folder that holds (N, H, W, 3) uint8 images and waits for answers."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "images.bin").write_bytes(np.ascontiguousarray(images, np.uint8).tobytes())
        (work / "shape.json").write_bytes(json.dumps(images.shape).encode())
        yield work


def read_answers(work: Path, count: int) -> Answers:
    """Return what a runtime left for ``count`` images.

    Raises:
        ExportRefused: it is not one row of finite scores an image.
    """
    told = json.loads((work / "answers.json").read_text(encoding="utf-8"))
    scores = np.frombuffer((work / "scores.bin").read_bytes(), np.float32)
    if not len(scores) or len(scores) % count or not np.isfinite(scores).all():
        raise ExportRefused(f"expected finite scores for {count} images, received {len(scores)} numbers")
    seconds = np.array(told["seconds"], np.float64)
    return Answers(scores.reshape(count, -1), told["classes"], told["load_seconds"], seconds, told["threads"])


def limit_seconds(count: int) -> int:
    """Return after how many seconds a runtime that answers for ``count`` images is given up."""
    return _START_SECONDS + _IMAGE_SECONDS * count
