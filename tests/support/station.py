"""A server, a worker and what they run, as `make` starts them: on loopback, with a home folder of their own."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from polling import asked, until

PROJECT = Path(__file__).resolve().parents[2]
SERVER, WORKER, FLOW = "server\0start", "worker\0start", "prefect.engine"
_WORDS = {SERVER: "dashboard", WORKER: "worker"}
_FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Station:
    """Everything between clone and scheduled retraining; `make` is called as a person calls it."""

    def __init__(self, home: Path) -> None:
        self.store = home / "støre"
        self.log = home / "log.txt"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "EVERGREEN_"))}
        self.environment = kept | {"HOME": str(home), "EVERGREEN_STORE": str(self.store)}

    def make(self, word: str, **variables: str) -> str:
        """Call `make WORD` and return what it said."""
        arguments = [f"{name}={value}" for name, value in ({"PORT": str(self.port)} | variables).items()]
        done = subprocess.run(
            ["make", word, *arguments], cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, what: str) -> None:
        """Start the server or the worker in the background."""
        with self.log.open("ab") as log:
            command = ["make", _WORDS[what], f"PORT={self.port}"]
            subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        until(lambda: self.is_healthy() if what == SERVER else self.pids(WORKER), 600)

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return httpx.get(f"{self.api}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def pids(self, what: str) -> list[int]:
        """Return the processes of a kind whose store is this one."""
        return [pid for pid, command in self._processes() if what in command and "make" not in command.split("\0")[0]]

    def kill(self, what: str) -> None:
        """Kill -9 the processes of a kind and wait until they are gone."""
        for pid in self.pids(what):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not self.pids(what))

    def stop(self) -> None:
        """Kill everything whose store is this one."""
        for pid, _ in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended with its parent

    def _processes(self) -> Iterator[tuple[int, str]]:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
            except OSError:
                continue  # it ended meanwhile, or is not ours
            if f"EVERGREEN_STORE={self.store}".encode() in environment.split(b"\0"):
                yield int(process.name), command.decode()

    def ask(self, path: str, **body: Any) -> Any:
        """Post to the server's API and return its answer."""
        return asked("POST", f"{self.api}/{path}", body)

    def deployment(self, name: str) -> dict[str, Any]:
        """Return a deployment by its name."""
        found: list[dict[str, Any]] = self.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        return found[0]

    def runs(self, name: str) -> list[dict[str, Any]]:
        """Return the runs of a deployment, the newest last."""
        wanted = {"deployment_id": {"any_": [self.deployment(name)["id"]]}}
        found: list[dict[str, Any]] = self.ask("flow_runs/filter", flow_runs=wanted, sort="EXPECTED_START_TIME_ASC")
        return found

    def run(self, name: str, **parameters: Any) -> str:
        """Order a run of a deployment and return its id."""
        deployment = self.deployment(name)
        values = deployment["parameters"] | parameters
        made: dict[str, Any] = self.ask(f"deployments/{deployment['id']}/create_flow_run", parameters=values)
        return str(made["id"])

    def read(self, run: str) -> dict[str, Any]:
        """Return a run as the server knows it."""
        found: dict[str, Any] = asked("GET", f"{self.api}/flow_runs/{run}")
        return found

    def ended(self, run: str, seconds: float = 300) -> dict[str, Any]:
        """Wait for a run's end and return it."""
        until(lambda: self.read(run)["state_type"] in _FINAL, seconds)
        return self.read(run)

    def slots(self, name: str) -> int:
        """Return how many slots of a deployment are taken."""
        limit = self.deployment(name)["global_concurrency_limit"]
        return int(limit["active_slots"])

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints of trainings, the newest last."""
        return sorted(self.store.glob("checkpoints/*/*.npz"), key=lambda path: path.stat().st_mtime)


@contextmanager
def station(home: Path) -> Iterator[Station]:
    """Yield a station whose server runs; whatever it started is gone afterwards."""
    found = Station(home)
    try:
        found.start(SERVER)
        yield found
    finally:
        found.stop()
