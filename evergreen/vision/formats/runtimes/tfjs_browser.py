"""TensorFlow.js graph model in headless Chromium: the real thing, in a page that this process serves on loopback."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.vision.formats import tfjs
from evergreen.vision.formats.contract import Answers, Predictor, RuntimeNotInstalled
from evergreen.vision.formats.runtimes import process
from evergreen.vision.formats.runtimes.chromium import chromium

_CRAFT = Path(__file__).parent
_PAGE = "/craft/tfjs_browser.html"
_POSTED = ("scores.bin", "answers.json", "error.txt")  # in this order, so the last one ends it
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing outside this machine
)  # fmt: skip


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs headless Chromium with the wasm backend.

    Raises:
        RuntimeNotInstalled: Chromium or the TensorFlow.js packages are not installed.
    """
    program = chromium()
    if program is None:
        raise RuntimeNotInstalled("Chromium is not installed; apt-get install chromium, or install Google Chrome")
    packages = tfjs.packages()

    def run(images: np.ndarray) -> Answers:
        with process.exchange(images) as work, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            ended = threading.Event()
            folders = {"npm": packages, "craft": _CRAFT, "export": folder, "exchange": work}
            with _served(folders, ended) as address, _browsing(program, Path(profile), address + _PAGE) as browser:
                _wait(ended, browser, process.limit_seconds(len(images)))
            if (work / "error.txt").is_file():
                told = (work / "error.txt").read_text(encoding="utf-8", errors="replace")[:2000]
                raise ExportRefused(f"TensorFlow.js in Chromium failed: {told}")
            return process.read_answers(work, len(images))

    return Predictor(run)


class _Handler(SimpleHTTPRequestHandler):
    """Serves four folders by their names, and takes the page's answers into one of them."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def __init__(self, folders: dict[str, Path], ended: threading.Event, *arguments: object) -> None:
        self.folders, self.ended = folders, ended
        super().__init__(*arguments)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        _, first, *rest = PurePosixPath(path).parts
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


@contextmanager
def _served(folders: dict[str, Path], ended: threading.Event) -> Iterator[str]:
    """Serve the folders on loopback and yield the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folders, ended)) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True, name="tfjs-page")
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:  # before its socket is closed, or the thread would spin on that for ever
            server.shutdown()
            serving.join()


@contextmanager
def _browsing(program: str, profile: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Have a browser of our own show a page, and end it with all its processes."""
    # As root, in a container say, Chromium refuses to start with its sandbox; the page is our own.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [program, *_FLAGS, *sandbox, f"--user-data-dir={profile}", address]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
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
