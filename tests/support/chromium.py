"""Headless Chromium, driven over its own DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

import base64
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from evergreen.vision.formats.runtimes.chromium import chromium, headless

PROGRAM = chromium()
_FLAGS = (
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip


class Browser:
    """A browser with one tab, in a process group and a profile of its own; ends with the ``with`` block."""

    def __init__(self) -> None:
        self.errors: list[str] = []  # what the page threw, or the console reported as an error
        self._number = 0

    def __enter__(self) -> "Browser":
        assert PROGRAM
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = headless(PROGRAM, self._profile.name, *_FLAGS, "--remote-debugging-port=0")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([*command, "about:blank"], start_new_session=True, **quiet)
        try:
            self._socket = connect(self._address(), max_size=None, compression=None)
            for domain in ("Page", "Runtime", "Log", "DOM", "Network"):
                self.send(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._profile.cleanup()

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events that come meanwhile are noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                return dict(message["result"])
            self._note(message)

    def open(
        self,
        address: str,
        *,
        size: tuple[int, int] = (1280, 900),
        phone: bool = False,
        dark: bool = False,
        language: str = "en-US",
    ) -> None:
        """Go to an address as somebody with such a screen and such settings."""
        self.errors.clear()
        agent = self.send("Browser.getVersion")["userAgent"]
        self.send("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.send("Emulation.setDeviceMetricsOverride", **metrics)
        self.send("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.send("Page.navigate", url=address)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, of the promise that it gives, or raise what it threw."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 30) -> Any:
        """Return the expression's value once it is true."""
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < deadline, f"never true: {expression}; errors: {self.errors}"
            time.sleep(0.02)
        return value

    def upload(self, selector: str, *paths: Path) -> None:
        """Choose files in a file input, as a person does."""
        document = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def press(self, key: str, code: int) -> None:
        """Press a key, such as ``Tab`` (9) or ``Enter`` (13)."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            name = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            self.send("Input.dispatchKeyEvent", **name, **(text if kind == "keyDown" else {}))

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _address(self) -> str:
        """Return the WebSocket of the tab, once the browser has said where."""
        file = Path(self._profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not file.is_file() or not file.read_text():
            assert time.monotonic() < deadline, "Chromium did not start within 30 s"
            assert self._process.poll() is None, f"Chromium ended with code {self._process.returncode}"
            time.sleep(0.02)
        port = file.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            tabs = json.load(answer)
        return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))

    def _note(self, event: dict[str, Any]) -> None:
        values = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(values["exceptionDetails"].get("exception", values["exceptionDetails"])))
        elif event.get("method") == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.errors.append(f"{values['entry']['text']} {values['entry'].get('url', '')}")
