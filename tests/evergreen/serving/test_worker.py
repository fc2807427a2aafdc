"""evergreen.serving.worker: the door, the resize and LiteRT, as predict has them; what goes wrong is one answer's."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from served import SIDE, network, picture

from evergreen.images.door import open_image
from evergreen.images.pixels import resize
from evergreen.serving import wire
from evergreen.serving.worker import Fed

FED = {"height": SIDE, "width": SIDE, "resize": "crop", "interpolation": "area"}


class Process:
    """A worker, asked over its pipes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "evergreen.serving.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        assert wire.read(self.process.stdout)[0] == {"ready": self.process.pid}

    def ask(self, body: bytes = b"", **head: Any) -> tuple[wire.Head, bytes]:
        assert self.process.stdin
        assert self.process.stdout
        wire.write(self.process.stdin, head, body)
        return wire.read(self.process.stdout)

    def open(self, folder: Path, name: str = "a", limits: tuple[Any, ...] = (150, 30, None)) -> wire.Head:
        return self.ask(do="open", model=name, folder=str(folder), image=FED, limits=list(limits))[0]


@pytest.fixture
def worker() -> Iterator[Process]:
    made = Process()
    yield made
    made.process.kill()
    made.process.wait()
    for pipe in (made.process.stdin, made.process.stdout):
        if pipe:
            pipe.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.tflite").write_bytes(network((2, 1, 0)))
    return tmp_path


def test_scores_are_those_of_the_interpreter_for_what_the_door_and_the_resize_give(
    worker: Process, folder: Path
) -> None:
    from ai_edge_litert.interpreter import Interpreter

    rng = np.random.default_rng(0)
    data = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (30, 50, 3), np.uint8)).save(data, "WEBP", lossless=True)
    assert worker.open(folder) == {}
    told, body = worker.ask(data.getvalue(), do="answer", model="a")
    interpreter = Interpreter(str(folder / "model.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    shown = resize(open_image(data.getvalue()).pixels, Fed(**FED))  # type: ignore[arg-type]
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], shown[None].astype(np.float32))
    interpreter.invoke()
    expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    assert np.frombuffer(body, np.float32).tolist() == expected.tolist()
    assert told["seconds"] > 0


def test_what_goes_wrong_with_one_image_or_one_model_is_its_own(worker: Process, folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "model.tflite").write_bytes(b"none")
    assert worker.open(bad, "bad")["refused"].startswith("LiteRT does not open it: ")
    assert worker.open(tmp_path / "nowhere", "none")["refused"]
    assert worker.open(folder) == {}
    assert worker.ask(b"none", do="answer", model="a")[0]["error"].startswith("not a readable image")
    assert worker.ask(picture("red"), do="answer", model="bad")[0] == {
        "failed": "the model bad is not open in this worker"
    }
    assert "seconds" in worker.ask(picture("red"), do="answer", model="a")[0]
    assert worker.ask(do="close", model="a")[0] == {}
    assert "failed" in worker.ask(picture("red"), do="answer", model="a")[0]


def test_the_limits_are_those_of_the_model(worker: Process, folder: Path) -> None:
    assert worker.open(folder, "small", (0.0001, 30, None)) == {}
    assert worker.open(folder, "any") == {}
    assert (
        worker.ask(picture("red"), do="answer", model="small")[0]["error"] == "0 megapixels, over the limit of 0.0001"
    )
    assert "seconds" in worker.ask(picture("red"), do="answer", model="any")[0]


def test_it_ends_when_its_input_does(worker: Process) -> None:
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.process.wait(timeout=30) == 0
