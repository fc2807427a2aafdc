"""An export in headless Chromium: the real thing, in a page that this process serves on loopback.

The page finds under ``/export`` the export's folder, under ``/npm`` the packages, under ``/craft`` this folder, under
``/web`` the web page's own modules, and under ``/exchange`` what ``process.py`` describes, where it posts its answers.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.reports.browser.packages import MEDIA_TYPES, WEB
from evergreen.vision.formats.contract import Answers, Predictor, RuntimeNotInstalled
from evergreen.vision.formats.runtimes import process
from evergreen.vision.formats.runtimes.chromium import chromium, headless

_CRAFT = Path(__file__).parent
# The first is not the end: each of the others is. absent.txt: the browser has not what the runtime needs.
_POSTED = ("scores.bin", "answers.json", "error.txt", "absent.txt")
_NO_CARD = ("--disable-gpu",)


def predictor(name: str, page: str, packages: Path, folder: Path, *flags: str) -> Predictor:
    """Return a predictor that opens a page of this folder in headless Chromium.

    Args:
        name: of the runtime, for errors.
        page: the file beside this one that loads the runtime, shows it the images, and posts the answers.
        packages: the folder of npm packages.
        folder: the export's.
        flags: what Chromium is told beside; without any, that there is no graphics card.

    Raises:
        RuntimeNotInstalled: Chromium is not installed.
    """
    program = chromium()
    if program is None:
        raise RuntimeNotInstalled("Chromium is not installed; apt-get install chromium, or install Google Chrome")

    def run(images: np.ndarray) -> Answers:
        with process.exchange(images) as work, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            ended = threading.Event()
            folders = {"npm": packages, "craft": _CRAFT, "web": WEB, "export": folder, "exchange": work}
            command = headless(program, profile, *(flags or _NO_CARD))
            with _served(folders, ended) as address, _browsing(command, f"{address}/craft/{page}") as browser:
                _wait(ended, browser, process.limit_seconds(len(images)))
            if (work / "absent.txt").is_file():
                raise RuntimeNotInstalled(_told(work / "absent.txt"))
            if (work / "error.txt").is_file():
                raise ExportRefused(f"{name} in Chromium failed: {_told(work / 'error.txt')}")
            return process.read_answers(work, len(images))

    return Predictor(run)


def _told(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")[:2000]


class _Handler(SimpleHTTPRequestHandler):
    """Serves four folders by their names, and takes the page's answers into one of them."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | MEDIA_TYPES

    def __init__(self, folders: dict[str, Path], ended: threading.Event, *arguments: object) -> None:
        self.folders, self.ended = folders, ended
        super().__init__(*arguments)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        first, *rest = PurePosixPath(path.partition("?")[0]).parts[1:] or ("",)
        known = first in self.folders and ".." not in rest
        return str(self.folders[first].joinpath(*rest)) if known else os.devnull + "/none"

    def do_POST(self) -> None:
        name = PurePosixPath(self.path).name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != f"/exchange/{name}" or name not in _POSTED:
            self.send_error(404)
            return
        (self.folders["exchange"] / name).write_bytes(body)
        self.send_response(204)
        self.end_headers()
        if name != _POSTED[0]:
            self.ended.set()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """Says nothing of connections that the browser's end cuts."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def _served(folders: dict[str, Path], ended: threading.Event) -> Iterator[str]:
    """Serve the folders on loopback and yield the address."""
    with _Server(("127.0.0.1", 0), partial(_Handler, folders, ended)) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True, name="runtime-page")
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:  # before its socket is closed, or the thread would spin on that for ever
            server.shutdown()
            serving.join()


@contextmanager
def _browsing(command: list[str], address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Have a browser of our own show a page, and end it with all its processes."""
    quiet = subprocess.DEVNULL
    browser = subprocess.Popen([*command, address], stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield browser
    finally:
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGTERM)
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


def _wait(ended: threading.Event, browser: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ended.wait(0.2):
        if browser.poll() is not None:
            raise ExportRefused(f"Chromium ended with code {browser.returncode} before the model had answered")
        if time.monotonic() > deadline:
            raise ExportRefused(f"Chromium gave no answer within {seconds} s")
