"""evergreen serve: as a person starts it, asked over a socket, beside what evergreen predict says."""

import io
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from command import EVERGREEN, Command
from PIL import Image
from served import MIXED_UP, RECIPE, Served, picture

TOKEN = "a-token-of-32-letters-and-digits"  # noqa: S105 - of a test


@contextmanager
def serving(root: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str], list[str]]]:
    """Start the command; yield its address, its process, and what it said until then."""
    process = subprocess.Popen(
        [str(EVERGREEN), "serve", "--port", "0", "--workers", "1", "--store", str(root), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stderr
        for line in process.stderr:
            said.append(line.rstrip())
            if line.startswith("serves"):
                break
        else:
            raise AssertionError(said)
        yield said[-1].split()[1], process, said
    finally:
        process.kill()
        process.communicate()


def asked(url: str, data: bytes | None = None, **headers: str) -> tuple[int, Any]:
    kind = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(url, data, kind | headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def files_of_every_kind() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (90, 70, 3), np.uint8))
    found: dict[str, bytes] = {"none.png": b"", "text.png": b"hello", "zeros.jpg": bytes(1000)}
    for kind, mode in (("PNG", "RGBA"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("GIF", "P"), ("WEBP", "RGB"), ("BMP", "1")):
        data = io.BytesIO()
        noise.convert(mode).save(data, kind)
        found[f"{mode}.{kind.lower()}"] = data.getvalue()
        found[f"half of {mode}.{kind.lower()}"] = data.getvalue()[: len(data.getvalue()) // 2]
    deep = io.BytesIO()
    Image.fromarray(rng.integers(0, 65536, (40, 40), np.uint16)).save(deep, "TIFF")
    found["deep.tiff"] = deep.getvalue()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = io.BytesIO()
    noise.save(turned, "JPEG", exif=exif)
    found["turned.jpg"] = turned.getvalue()
    return found


def test_answers_are_those_of_predict_to_the_byte(evergreen: Command, first: dict[str, Any], tmp_path: Path) -> None:
    files = files_of_every_kind()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in files]
    with serving(evergreen.root, "digits", "--format", "tflite-int8") as (address, _, _):
        done = evergreen("predict", *paths, "--recipe", "digits", "--format", "tflite-int8", "--json", "--top", "4")
        expected = {Path(one["image"]).name: one for one in json.loads(done.stdout)["predictions"]}
        for name, data in files.items():
            status, said = asked(f"{address}/v1/recipes/digits/predict?top=4", data)
            (one,), told = said["predictions"], expected[name]
            assert (name, one.get("error")) == (name, told.get("error"))
            assert status == (422 if "error" in told else 200)
            assert (name, one.get("top"), one.get("unsure")) == (name, told.get("top"), told.get("unsure"))
        assert sum("error" not in one for one in expected.values()) >= 8
    assert said["run"] == first["id"]


def test_it_starts_no_tensorflow_and_no_prefect_and_ends_its_workers_when_it_is_told(served_root: Path) -> None:
    with serving(served_root, RECIPE) as (address, process, said):
        assert "open: colours" in "\n".join(said)
        assert asked(f"{address}/v1/recipes/{RECIPE}/predict", picture("red"))[0] == 200
        (worker,) = psutil.Process(process.pid).children()
        for pid in (process.pid, worker.pid):
            maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
            assert "litert" in maps or pid == process.pid
            assert "tensorflow" not in maps.replace("ai_edge_litert", "")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        (line,) = [json.loads(text) for text in out.splitlines()]
        assert (line["method"], line["status"], line["recipe"], line["images"]) == ("POST", 200, RECIPE, 1)
        assert not psutil.pid_exists(worker.pid)


def test_neither_prefect_nor_tensorflow_nor_pandas_is_imported_by_what_serves() -> None:
    code = (
        "import sys\n"
        "import evergreen.serving.worker, runs.serving.http.hosting, runs.serving.service, runs.serving.http.app, "
        "runs.serving.http.guard, runs.serving.http.open_inference.routes, runs.serving.trying.trial, commands.main\n"
        "print([name for name in ('prefect', 'tensorflow', 'keras', 'pandas', 'sklearn') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_network_is_served_with_a_token_alone(served_root: Path, tmp_path: Path) -> None:
    refused = subprocess.run(
        [str(EVERGREEN), "serve", "--host", "0.0.0.0", "--store", str(served_root)],  # noqa: S104 - refused
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, "expected --token-file" in refused.stderr) == (2, True)
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(TOKEN)
    with serving(served_root, "--token-file", str(token), "--access-log", str(tmp_path / "log")) as (address, _, _):
        assert asked(f"{address}/v1/recipes")[0] == 401
        assert asked(f"{address}/v1/recipes", Authorization=f"Bearer {TOKEN}")[0] == 200
    assert [json.loads(line)["status"] for line in (tmp_path / "log").read_text().splitlines()] == [401, 200]


def test_what_cannot_be_served_is_said_and_is_exit_code_2(served_root: Path, tmp_path: Path) -> None:
    def said(*options: str) -> str:
        done = subprocess.run(
            [str(EVERGREEN), "serve", "--port", "0", "--store", str(served_root), *options],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert done.returncode == 2, done.stderr
        return done.stderr

    assert "expected a champion of others" in said("others")
    assert "expected tflite-int8 among its exports" in said("--format", "tflite-int8")
    assert "cannot be read" in said("--token-file", str(tmp_path / "none"))
    assert "cannot be written" in said("--access-log", str(tmp_path))
    with serving(served_root) as (address, _, _):
        assert "choose another with --port" in said("--port", address.rpartition(":")[2])


@pytest.fixture
def served_root(tmp_path: Path) -> Path:
    made = Served(tmp_path / "a störe")
    made.promote(made.release("one"))
    return made.store.root


def test_a_challenger_is_asked_and_answers_its_share_and_the_end_says_where_that_is_told(tmp_path: Path) -> None:
    served = Served(tmp_path / "store")
    champion, other = served.release("champion"), served.release("other", MIXED_UP)
    served.promote(champion)
    options = ("--shadow", other[:12], "--canary", "50%", "--shadow-report", str(tmp_path / "reports"))
    with serving(served.store.root, RECIPE, *options) as (address, process, said):
        assert f"challenger {other[:12]} answers 50% and is compared" in "\n".join(said)
        url, canaries = f"{address}/v1/recipes/{RECIPE}/predict", set()
        for width in range(20, 50):
            _, answer = asked(url, picture("red", (width, 12)))
            canaries.add(answer["canary"])
            assert answer["release"] == (other if answer["canary"] else champion)
        assert canaries == {True, False}
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    last = err.splitlines()[-1]
    assert last.startswith("shadow: colours: they agree on 0.00 % of ")
    told = json.loads((Path(last.rpartition(": ")[2]).parent / "shadow.json").read_text(encoding="utf-8"))
    (pair,) = told["compared"]
    assert (told["canary"], pair["images"] + pair["not_asked"]) == (0.5, 30)
    with serving(served.store.root, RECIPE) as (address, _, _):  # and beside it the other protocol
        assert asked(f"{address}/v2/models/{RECIPE}")[1]["versions"] == [champion]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--canary", "10%"), "expected --shadow RUN beside --canary"),
        (("--shadow-report", "there"), "expected --shadow RUN beside --shadow-report"),
        (("--shadow", "123456", "--canary", "10"), "expected a share of the requests"),
        (("--shadow", "123456"), "expected a run's id, or 6 digits or more"),
    ],
)
def test_a_challenger_that_nobody_can_mean_is_refused(served_root: Path, options: tuple[str, ...], words: str) -> None:
    command = [str(EVERGREEN), "serve", "--port", "0", "--workers", "1", "--store", str(served_root), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_what_is_answered_is_kept_and_something_may_be_said_of_it_if_that_was_asked_for(
    served_root: Path, tmp_path: Path
) -> None:
    log = ("--log", str(tmp_path / "kept"), "--log-share", "1", "--log-pictures", "--access-log", "none")
    with serving(served_root, *log) as (address, process, _):
        status, answer = asked(f"{address}/v1/recipes/{RECIPE}/predict", picture("red"))
        digest = answer["predictions"][0]["sha256"]
        said = {"recipe": RECIPE, "sha256": digest, "label": "green", "by": "Anna"}
        json_ = {"Content-Type": "application/json"}
        status, told = asked(f"{address}/feedback", json.dumps(said).encode(), **json_)
        assert (status, told["label"], told["new"]) == (200, "green", True)
        assert asked(f"{address}/feedback", json.dumps(said | {"sha256": "0" * 64}).encode(), **json_)[0] == 404
        with urllib.request.urlopen(f"{address}/metrics", timeout=60) as page:  # noqa: S310 - loopback
            counts = page.read().decode()
        assert 'evergreen_kept_total{outcome="truths"} 1.0' in counts
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    hidden = tmp_path / "kept" / RECIPE / ".log"
    (line,) = [json.loads(text) for path in (hidden / "answers").iterdir() for text in path.read_text().splitlines()]
    assert (line["sha256"], line["top"][0][0], line["picture"], line["drawn"]) == (digest, "red", True, True)
    assert (hidden / "pictures" / digest[:2] / digest).read_bytes() == picture("red")
    with serving(served_root, "--access-log", "none") as (address, _, _):
        assert asked(f"{address}/feedback", b"{}", **json_)[0] == 404  # off by default
    refused = subprocess.run(
        [str(EVERGREEN), "serve", "--log-pictures", "--store", str(served_root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, "expected --log beside --log-pictures" in refused.stderr) == (2, True)
