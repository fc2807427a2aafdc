"""evergreen.images.processors and runtime: on how many threads TensorFlow computes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evergreen.errors import BadRecipe
from evergreen.images.processors import processors, threads_of
from evergreen.recipe import load_recipe

PROJECT = Path(__file__).resolve().parents[3]


def test_the_recipe_says_how_many_and_what_sets_decoding_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_THREADS", "97")
    assert threads_of(load_recipe("digits").train) == processors() == len(os.sched_getaffinity(0))
    assert threads_of(load_recipe("digits", ["train.threads=3"]).train) == 3
    for wrong in ("0", "1025", "many"):
        with pytest.raises(BadRecipe, match=r"train\.threads"):
            load_recipe("digits", [f"train.threads={wrong}"])


@pytest.mark.soak
def test_a_number_of_threads_makes_machines_agree_to_the_byte(tmp_path: Path) -> None:
    """One processor or all, one decoding thread or three: the same model; another number of threads: another."""
    script = """
import io, os, sys
from pathlib import Path
if sys.argv[3] == "one": os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import numpy as np
from PIL import Image
import tiny_training

def png(seed, size, colour):
    noise = np.random.default_rng(seed).integers(0, 60, (size[1], size[0], 3))
    data = io.BytesIO()
    Image.fromarray((noise + colour).clip(0, 255).astype(np.uint8)).save(data, "PNG")
    return data.getvalue()

train = tiny_training.RECIPE.train.model_copy(update={"threads": int(sys.argv[2])})
tiny_training.RECIPE = tiny_training.RECIPE.model_copy(update={"train": train})
tiny_training.Trained(Path(sys.argv[1]), png)
"""

    def model(name: str, number: int, processors: str, decoding: int) -> str:
        folder = tmp_path / name
        environment = os.environ | {"EVERGREEN_THREADS": str(decoding)}
        environment["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(PROJECT / "tests/support/networks")])
        command = [sys.executable, "-c", script, str(folder), str(number), processors]
        folder.mkdir()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()

    two = model("two", 2, "all", 1)
    assert model("two on one processor", 2, "one", 3) == two
    assert model("three", 3, "all", 1) != two
