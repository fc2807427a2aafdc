"""Files that are no pictures, or lie: a service says of each what ``evergreen predict`` says, and goes on."""

import json
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from command import Command
from hostile_files import hostile_files
from served import RECIPE, Served, picture
from service_process import ServiceProcess, serving

FORMAT = "tflite-float32"
ASK = f"/v1/recipes/{RECIPE}/predict"
# What the allocators of seven processes keep; the pictures themselves are not among it.
ROOM_MIB = 48


@pytest.fixture
def service(served: Served) -> Iterator[ServiceProcess]:
    served.promote(served.release("one"))
    with serving(served.store.root, RECIPE, "--workers", "2", "--format", FORMAT) as running:
        yield running


def verdicts_of_predict(root: Path, folder: Path, files: dict[str, bytes]) -> list[dict[str, Any]]:
    paths = []
    for number, data in enumerate(files.values()):
        path = folder / f"{number:04d}.bin"
        path.write_bytes(data)
        paths.append(path.name)
    command = Command(root)
    words = [*command._program, "predict", *paths, "--recipe", RECIPE, "--format", FORMAT, "--json", "--store", root]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 2), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["predictions"]
    assert len(found) == len(files)
    return found


def verdicts_of_service(service: ServiceProcess, files: dict[str, bytes]) -> list[tuple[int, dict[str, Any]]]:
    own = threading.local()

    def ask(data: bytes) -> tuple[int, dict[str, Any]]:
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection("127.0.0.1", service.port, timeout=120)
        own.connection.request("POST", ASK, data, {"Content-Type": "application/octet-stream"})
        answer = own.connection.getresponse()
        return answer.status, json.loads(answer.read())

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(ask, files.values()))


def without_name(prediction: dict[str, Any]) -> dict[str, Any]:
    """Return what both say: label and probability of the first three classes, and unsure; or the error."""
    if prediction.get("error"):
        return {"error": prediction["error"]}
    return {"top": prediction["top"], "unsure": prediction["unsure"]}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer says of the one image, as ``predict`` does; of a refused request, all of it."""
    return without_name(answer["predictions"][0]) if "predictions" in answer else answer


@pytest.mark.parametrize("count", [150, pytest.param(2900, marks=pytest.mark.soak)])
def test_the_verdict_on_every_hostile_file_is_that_of_predict_and_memory_is_flat(
    served: Served, service: ServiceProcess, tmp_path: Path, count: int
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    files = hostile_files(count)
    expected = verdicts_of_predict(served.store.root, folder, files)
    answers = verdicts_of_service(service, files)
    # All decoders run now: what a second turn adds would be added by every turn.
    processes, before = [one.pid for one in service.family()], service.mib()
    again = verdicts_of_service(service, files)
    after = service.mib()
    assert [(status, told(answer)) for status, answer in again] == [
        (status, told(answer)) for status, answer in answers
    ]
    differ = []
    for (name, data), (status, answer), theirs in zip(files.items(), answers, expected, strict=True):
        if status not in (200, 422):
            ours: dict[str, Any] = {"status": status, **answer}
        else:
            ours = told(answer)
            assert (status == 422) == ("error" in ours), name
        if ours != without_name(theirs):
            differ.append((name, len(data), ours, without_name(theirs)))
    assert differ == []
    assert sum(status == 200 for status, _ in answers) > count // 10
    assert [one.pid for one in service.family()] == processes, "a process ended over a file"
    assert after < before + ROOM_MIB, f"{before:.0f} MiB became {after:.0f}"
    status, answer = service.ask("POST", ASK, picture("green"), Content_Type="image/png")
    assert (status, answer["predictions"][0]["top"][0]["label"]) == (200, "green")
