"""flows.servers.asked: what a server's answers mean, also where it gives none; nothing of Prefect is started."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from flows.servers.asked import Answer, asked, decided_by_others, workers_online

WORKERS = [{"status": "ONLINE"}, {"status": "OFFLINE"}, {"status": "ONLINE"}]


NOTED = [
    {"name": "evergreen_decides_digits", "value": {"identity": "a" * 32}},
    {"name": "evergreen_decides_my_photos", "value": {"identity": "b" * 32}},
]


class _Prefect(BaseHTTPRequestHandler):
    """A server as far as it is asked here."""

    def do_GET(self) -> None:
        self._answer(200 if self.path == "/api/health" else 401, True)

    def do_POST(self) -> None:
        if self.path == "/api/variables/filter":
            self._answer(200, NOTED)
            return
        pool = self.path.removeprefix("/api/work_pools/").removesuffix("/workers/filter")
        self._answer(*{"full": (200, WORKERS), "odd": (500, {})}.get(pool, (404, {})))

    def _answer(self, status: int, value: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Prefect) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def test_an_answer_is_understood(url: str) -> None:
    assert asked(url) == asked(f"{url}/") == Answer(True)
    assert asked(f"{url}/elsewhere") == Answer(False, "status 401")
    assert [workers_online(url, pool) for pool in ("full", "none", "odd")] == [2, 0, None]
    assert decided_by_others(url, "a" * 32) == ["my-photos"]
    assert decided_by_others(url, None) == ["digits", "my-photos"]


def test_none_is_no_traceback() -> None:
    for address in ("http://127.0.0.1:9/api", "no address", "http://[/api"):
        assert not asked(address).well
        assert workers_online(address, "full") is None
        assert decided_by_others(address, None) is None


def test_asking_does_not_start_prefect() -> None:
    script = (
        "import sys\nfrom flows.servers.asked import asked\n"
        "asked('http://127.0.0.1:9')\nprint('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
