"""commands.using.web: how the page is served, and what writing it does not start."""

import contextlib
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctrl_c
import pytest
from command import EVERGREEN, Command

from commands.using import web

TYPES = {
    "/": "text/html", "/app.js": "text/javascript", "/tfjs/tfjs-backend-wasm.wasm": "application/wasm",
    "/manifest.webmanifest": "application/manifest+json", "/litert/litert_wasm_internal.wasm.gz": "application/octet",
}  # fmt: skip


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
            preexec_fn=ctrl_c.heard,
        ) as running,
        contextlib.ExitStack() as ended,
    ):
        ended.callback(running.kill)
        assert running.stdout
        assert running.stdout.readline() == f"page  {evergreen.root.parent / 'out'}\n"
        lines = iter(running.stdout.readline, "")
        models, opened = [], ""
        for opened in lines:
            if opened.startswith("open"):
                break
            models.append(opened)
        assert [line.split()[0] for line in models] == ["model", "model"]
        assert " in LiteRT.js, " in models[0] and " in TensorFlow.js, " in models[1]
        address = opened.split()[1]
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


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("http://192.168.7.7:1/", ("test images of your data", "nothing else of this machine", "--tls CERT KEY turns")),
        ("https://192.168.7.7:1/", ("test images of your data", "no picture that somebody shows it comes here")),
        (None, ("no other machine reaches it",)),
    ],
    ids=["http", "https", "nobody"],
)
def test_what_a_network_can_see_is_said(
    phone: str | None, said: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    web._tell_of_network(SimpleNamespace(phone=phone))
    told = capsys.readouterr()
    assert all(words in told.err for words in said)
    assert ("--tls" in told.err) == (phone is not None and phone.startswith("http:"))
    assert told.out == (f"phone  {phone}\n" if phone else "")
