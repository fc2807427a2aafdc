"""The servers that are measured: Evergreen's, and LitServe, BentoML and MLflow beside it, each started and ended here.

All have the same .tflite, the same door and as many processes that answer. LitServe and BentoML live in environments of
their own, ``.venv-litserve`` and ``.venv-bentoml`` of the clone, which the first run makes, by uv or by pip, with the
versions of our lock of what they share with us.
"""

import base64
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from retraining import EVERGREEN
from serving.made import FORMAT, NETWORK, RECIPE, Made

PROJECT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PACKAGES = {"litserve": "litserve==0.2.19", "bentoml": "bentoml==1.4.40"}
# What the door and the interpreter need, in the versions that are here.
_SHARED = ("ai-edge-litert", "blake3", "numpy", "opencv-python-headless", "pillow", "pillow-heif", "psutil", "pydantic")
_READY, _ENDED = 60.0, 15.0  # s


class NotStarted(Exception):
    """A server gave no answer; the message says why."""


@dataclass(frozen=True)
class Server:
    """One that can be started.

    Attributes:
        name: for the table.
        command: starts it.
        port: where it answers, on 127.0.0.1.
        path, headers: of a request.
        body: of a request, from a JPEG.
        environment: variables beside this process' own.
    """

    name: str
    command: Sequence[str]
    port: int
    path: str
    headers: dict[str, str]
    body: Callable[[bytes], bytes]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """One that answers."""

    server: Server
    process: subprocess.Popen[bytes]
    log: Path

    def family(self) -> list[psutil.Process]:
        """Return its processes, the first one first."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def mib(self) -> float:
        """Return the memory that its processes have, without what they share (USS), in MiB."""
        total = 0
        for one in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().uss
        return total / 2**20

    def cpu(self) -> float:
        """Return the seconds of processor time that its processes took so far."""
        total = 0.0
        for one in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                taken = one.cpu_times()
                total += taken.user + taken.system
        return total


@contextmanager
def started(server: Server, photo: bytes, folder: Path) -> Iterator[Running]:
    """Start a server, wait until it answers a photo, and end all its processes afterwards.

    Raises:
        NotStarted: it ended, or did not answer in time.
    """
    log = folder / f"{server.name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            server.command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=HERE,
            env=os.environ | server.environment,
            start_new_session=True,
        )
    running = Running(server, process, log)
    try:
        answered(running, photo)
        yield running
    finally:
        end(running)


def answered(running: Running, photo: bytes, within: float = _READY) -> float:
    """Wait until a server answers a photo; return the seconds that took.

    Raises:
        NotStarted: it ended, or did not answer in time.
    """
    began, said = time.monotonic(), "no connection"
    while (taken := time.monotonic() - began) < within:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = ask(running.server, photo)
            if status == 200:
                return taken
            said = f"{status}: {body[:200].decode('utf-8', 'replace')}"
        time.sleep(0.01)
    told = running.log.read_text(encoding="utf-8", errors="replace")[-1500:]
    raise NotStarted(f"{running.server.name}: no answer after {taken:.0f} s ({said}); it says:\n{told}")


def ask(server: Server, photo: bytes, timeout: float = 30) -> tuple[int, bytes]:
    """Return status and body of one answer, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request("POST", server.path, server.body(photo), dict(server.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def end(running: Running) -> None:
    """End a server and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = running.family()
        running.process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, _ENDED)
        for one in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    running.process.wait()


def ours(made: Made, workers: int) -> Server:
    """Return Evergreen's service of the champion of the store that was made."""
    port = _free_port()
    words = [str(EVERGREEN), "serve", RECIPE, "--store", str(made.store), "--port", str(port)]
    words += ["--workers", str(workers), "--format", FORMAT]
    return Server("evergreen", words, port, f"/v1/recipes/{RECIPE}/predict", {"Content-Type": "image/jpeg"}, bytes)


def litserve(made: Made, workers: int) -> Server:
    """Return LitServe with the first release's model."""
    port, python = _free_port(), _environment("litserve")
    words = [python, str(HERE / "peer_litserve.py"), str(made.models[0]), str(NETWORK), str(workers), str(port)]
    json_type = {"Content-Type": "application/json"}
    return Server("litserve", words, port, "/predict", json_type, _as_litserve, _door())


def bentoml(made: Made, workers: int) -> Server:
    """Return BentoML with the first release's model."""
    port, python = _free_port(), _environment("bentoml")
    words = [python, "-m", "bentoml", "serve", "peer_bentoml:Peer", "--host", "127.0.0.1", "--port", str(port)]
    about = {"PEER_MODEL": str(made.models[0]), "PEER_SIDE": str(NETWORK), "PEER_WORKERS": str(workers)}
    about |= {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(made.store.parent / "bentoml")}
    return Server("bentoml", words, port, "/predict", {"Content-Type": "image/jpeg"}, bytes, about | _door())


def mlflow(made: Made, workers: int) -> Server:
    """Return ``mlflow models serve`` with the first release's model as a pyfunc, by the MLflow of our lock."""
    return _mlflow("mlflow", made, "--workers", str(workers))


def mlflow_alone(made: Made, _workers: int) -> Server:
    """Return the same as it comes: one process."""
    return _mlflow("mlflow-alone", made)


def _mlflow(name: str, made: Made, *options: str) -> Server:
    port, folder = _free_port(), made.store.parent / name
    shutil.rmtree(folder, ignore_errors=True)
    save = [sys.executable, str(HERE / "peer_mlflow.py"), str(made.models[0]), str(NETWORK), str(folder)]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    done = subprocess.run(save, env=os.environ | quiet | _door(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotStarted(f"{name}: the model was not saved: {done.stderr[-1500:]}")
    words = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local"]
    words += ["-h", "127.0.0.1", "-p", str(port), *options]
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}  # it looks for uvicorn there
    json_type = {"Content-Type": "application/json"}
    return Server(name, words, port, "/invocations", json_type, _as_table, path | quiet | _door())


def _as_litserve(photo: bytes) -> bytes:
    return json.dumps({"image": base64.b64encode(photo).decode()}).encode()


def _as_table(photo: bytes) -> bytes:
    data = [[base64.b64encode(photo).decode()]]
    return json.dumps({"dataframe_split": {"columns": ["image"], "data": data}}).encode()


def _door() -> dict[str, str]:
    """Return what lets a peer import the door."""
    return {"PYTHONPATH": f"{PROJECT}{os.pathsep}{HERE}"}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def _environment(name: str) -> str:
    """Return the Python of a peer's environment, which is made if it is not there.

    Raises:
        NotStarted: it cannot be made.
    """
    home = PROJECT / f".venv-{name}"
    python, ready = home / "bin" / "python", home / ".ready"
    if ready.exists():
        return str(python)
    packages = [PACKAGES[name], *(f"{shared}=={version(shared)}" for shared in _SHARED)]
    uv = shutil.which("uv")
    commands: list[list[str]] = [[sys.executable, "-m", "venv", "--clear", str(home)]]
    commands += [[str(python), "-m", "pip", "install", "--quiet", *packages]]
    if uv:
        commands = [[uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)]]
        commands += [[uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *packages]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(f"{name}: {' '.join(command[:4])} failed: {(done.stderr or done.stdout)[-1500:]}")
    ready.touch()
    return str(python)


STARTS: dict[str, Callable[[Made, int], Server]] = {
    "evergreen": ours,
    "litserve": litserve,
    "bentoml": bentoml,
    "mlflow": mlflow,
    "mlflow-alone": mlflow_alone,
}


def told(body: bytes | str) -> dict[str, Any]:
    """Return an answer of Evergreen's."""
    answer: dict[str, Any] = json.loads(body)
    return answer
