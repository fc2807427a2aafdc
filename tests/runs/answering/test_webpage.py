"""evergreen web: the folder that it writes, and how it is served."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from command import EVERGREEN, Command

from evergreen.errors import BadInput
from runs.answering.webpage import write_page
from storage.store import Store

TYPES = {"/": "text/html", "/app.js": "text/javascript", "/tfjs/tfjs-backend-wasm.wasm": "application/wasm"}


def test_it_is_served_on_loopback_until_interrupted(
    evergreen: Command, first: dict[str, Any], web_folder: Path
) -> None:
    command = [str(EVERGREEN), "web", first["id"], "--port", "0", "--out", str(evergreen.root.parent / "out")]
    environment = os.environ | {"EVERGREEN_STORE": str(evergreen.root)}
    # A job that a script put into the background ignores SIGINT, and so do its children unless they are told.
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as running,
        contextlib.ExitStack() as ended,
    ):
        ended.callback(running.kill)
        assert running.stdout
        assert running.stdout.readline() == f"page  {evergreen.root.parent / 'out'}\n"
        address = running.stdout.readline().split()[1]
        assert address.startswith("http://127.0.0.1:")
        client = HTTPConnection(address.removeprefix("http://").rstrip("/"))
        for name, kind in TYPES.items():
            client.request("GET", name)
            answer = client.getresponse()
            assert answer.headers["Content-Type"].startswith(kind)
            assert answer.read()
        client.close()
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0


def test_an_earlier_page_is_replaced_and_anything_else_is_not(
    evergreen: Command, first: dict[str, Any], web_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    assert write_page(Store(evergreen.root), first["id"], out) == out
    (out / "stale.txt").write_text("of an earlier page")
    write_page(Store(evergreen.root), first["id"], out)
    assert {path.name for path in out.iterdir()} == {path.name for path in web_folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    with pytest.raises(BadInput, match="choose --out"):
        write_page(Store(evergreen.root), first["id"], tmp_path)


def _run_of(store: Path, name: str, exports: list[dict[str, Any]]) -> None:
    """Write what a run of digits leaves, as far as it is read before there is a page to write."""
    folder = store / "runs" / name
    folder.mkdir(parents=True)
    summary = {"id": name, "recipe": "digits", "outcome": "completed", "exports": exports, "steps": []}
    (folder / "run.json").write_text(json.dumps(summary))


LITE = {"format": "tflite-float32", "verified": "passed"}
FAILED = {"format": "tfjs", "verified": "failed", "reason": "other answers"}


@pytest.mark.parametrize(
    ("exports", "said"),
    [
        ([LITE], r"--set 'export.formats=\[tflite-float32, tfjs\]'"),
        ([LITE, FAILED], "tfjs export failed verification .*: other answers"),
        ([FAILED, {"format": "tfjs-float16", "verified": "passed"}], "ended before export"),  # so that one is taken
    ],
)
def test_a_run_without_an_export_to_show_says_what_to_do(
    tmp_path: Path, exports: list[dict[str, Any]], said: str
) -> None:
    _run_of(tmp_path, "20260101-000000-aaaaaa", exports)
    with pytest.raises(BadInput, match=said):
        write_page(Store(tmp_path), None, None)
    with pytest.raises(BadInput, match="expected the id of a run"):
        write_page(Store(tmp_path), "../x", None)


def test_it_starts_neither_tensorflow_nor_prefect(evergreen: Command, first: dict[str, Any], web_folder: Path) -> None:
    script = (
        "import sys\nfrom commands.main import app\n"
        "try: app(['web', sys.argv[2], '--no-serve', '--store', sys.argv[1]])\n"
        "except SystemExit as end: code = end.code\n"
        "print(code, sorted({'tensorflow', 'keras', 'prefect'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, str(evergreen.root), first["id"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
