"""evergreen.vision.formats.runtimes.browser: after an error nothing goes on, and nothing but its folders is served."""

import threading
from http import server
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats import tfjs
from evergreen.vision.formats.contract import RuntimeNotInstalled
from evergreen.vision.formats.runtimes import browser, tfjs_browser

IMAGES = np.zeros((1, 8, 8, 3), np.uint8)


def _program(folder: Path, text: str) -> str:
    """Stands in for Chromium: a script that is given Chromium's arguments, the page's address last."""
    file = folder / "chromium"
    file.write_text(f"#!/bin/sh\nfor address; do :; done\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_after_an_error_in_the_browser_nothing_goes_on_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = _program(tmp_path, "exit 1")
    monkeypatch.setattr(browser, "chromium", lambda: program)
    monkeypatch.setattr(tfjs, "packages", lambda: tmp_path)
    before = set(threading.enumerate())
    with pytest.raises(ExportRefused, match="Chromium ended with code 1"):
        tfjs_browser.open_predictor(tmp_path)(IMAGES)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("name", "error"), [("error.txt", ExportRefused), ("absent.txt", RuntimeNotInstalled)], ids=["failed", "absent"]
)
def test_what_the_page_posts_is_told_as_a_failure_or_as_an_absence(
    name: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = (
        "import sys, urllib.parse, http.client\n"
        "at = urllib.parse.urlsplit(sys.argv[1])\n"
        "client = http.client.HTTPConnection(at.netloc)\n"
        f"client.request('POST', '/exchange/{name}', 'no card')\n"
        "client.getresponse()\n"
        "import time; time.sleep(30)\n"
    )
    (tmp_path / "post.py").write_text(post)
    program = _program(tmp_path, f'exec python3 "{tmp_path}/post.py" "$address"')
    monkeypatch.setattr(browser, "chromium", lambda: program)
    with pytest.raises(error, match="no card") as raised:
        browser.predictor("It", "it.html?accelerator=webgpu", tmp_path, tmp_path)(IMAGES)
    assert isinstance(raised.value, RuntimeNotInstalled) == (name == "absent.txt")


def test_the_page_is_given_its_folders_and_nothing_beside_them(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export/model.tflite").write_bytes(b"TFL3")
    (tmp_path / "secret").write_bytes(b"no")
    folders = {"export": tmp_path / "export", "exchange": tmp_path}
    expected = {"/export/model.tflite?a=b": 200, "/export/../secret": 404, "/secret": 404, "/": 404}
    with browser._served(folders, threading.Event()) as address:
        for path, status in expected.items():
            client = HTTPConnection(address.removeprefix("http://"))
            client.request("GET", path)
            assert (path, client.getresponse().status) == (path, status)
            client.close()


def test_modules_have_the_type_that_browsers_insist_on_whatever_this_machines_table_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.mimetypes, "guess_type", lambda *_: ("text/plain", None))
    names = ("answers.mjs", "litert.js", "litert.wasm")
    for name in names:
        (tmp_path / name).touch()
    found = {}
    with browser._served({"web": tmp_path}, threading.Event()) as address:
        for name in names:
            client = HTTPConnection(address.removeprefix("http://"))
            client.request("GET", f"/web/{name}")
            found[name] = client.getresponse().headers.get_content_type()
            client.close()
    assert found == dict(zip(names, ("text/javascript", "text/javascript", "application/wasm"), strict=True))
