"""How many requests a server answers, how long they take at half of that, and what an answer costs without HTTP."""

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serving.load import Found, Plan
from serving.made import NETWORK, Made
from serving.servers import HERE, PROJECT, Running

CONNECTIONS = (4, 16)
_WARM = 2.0  # s


class Asking:
    """A load that runs in a process of its own."""

    def __init__(self, plan: Plan) -> None:
        words = [sys.executable, str(HERE / "load.py")]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin  # noqa: S101 - it is a pipe
        self._process.stdin.write(plan.as_json().encode())
        self._process.stdin.close()
        self._process.stdin = None

    def found(self) -> Found:
        """Wait for its end, and return what was answered."""
        out, _ = self._process.communicate()
        if self._process.returncode:
            raise SystemExit("the load generator failed: see above")
        return Found(**json.loads(out))


def plan_for(running: Running, photos: Sequence[bytes], folder: Path, **about: Any) -> Plan:
    """Return a plan that asks a server about photos; ``about`` are further fields of it."""
    server, bodies = running.server, []
    for number, photo in enumerate(photos):
        path = folder / f"{server.name}-{number:03d}.body"
        if not path.exists():
            path.write_bytes(server.body(photo))
        bodies.append(str(path))
    return Plan(server.port, server.path, dict(server.headers), bodies, **about)


def floor(made: Made, folder: Path, seconds: float = 5.0) -> float:
    """Return the milliseconds that decoding, resizing and the interpreter take alone, the median of photos."""
    names = []
    for number, photo in enumerate(made.photos):
        path = folder / f"{number:03d}.jpg"
        path.write_bytes(photo)
        names.append(str(path))
    words = [sys.executable, str(HERE / "model.py"), str(made.models[0]), str(NETWORK), str(seconds), *names]
    about = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(words, env=about, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return statistics.median(json.loads(done.stdout))


def most(
    servers: Sequence[Running], made: Made, folder: Path, *, turns: int, seconds: float
) -> dict[str, dict[str, Any]]:
    """Return the most requests a second of each server; they take turns, so that noise meets all of them.

    For each server: ``by_connections`` (the median of its turns), ``rate`` (the best of those), ``cpu_ms`` (processor
    time of all its processes for one answer, which work beside it adds less to), ``statuses``, and ``client`` (this
    load's share of a core).
    """
    rates: dict[str, dict[int, list[float]]] = {one.server.name: {} for one in servers}
    statuses: dict[str, Counter[str]] = {one.server.name: Counter() for one in servers}
    shares: dict[str, list[float]] = {one.server.name: [] for one in servers}
    costs: dict[str, list[float]] = {one.server.name: [] for one in servers}
    for running in servers:
        Asking(plan_for(running, made.photos, folder, seconds=_WARM, connections=4)).found()
    for _ in range(turns):
        for connections in CONNECTIONS:
            for running in servers:
                name, before = running.server.name, running.cpu()
                plan = plan_for(running, made.photos, folder, seconds=seconds, connections=connections)
                found = Asking(plan).found()
                good = sum(row[2] == 200 for row in found.rows)
                costs[name].append((running.cpu() - before) / max(good, 1) * 1000)
                rates[name].setdefault(connections, []).append(good / (found.ended - found.began))
                statuses[name].update(str(row[2]) for row in found.rows)
                shares[name].append(found.cpu / (found.ended - found.began))
    return {
        name: {
            "by_connections": {str(count): round(statistics.median(some), 1) for count, some in by.items()},
            "rate": round(max(statistics.median(some) for some in by.values()), 1),
            "cpu_ms": round(statistics.median(costs[name]), 2),
            "statuses": dict(statuses[name]),
            "client": round(statistics.median(shares[name]), 3),
        }
        for name, by in rates.items()
    }


def at_half(running: Running, made: Made, folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Return a server's latencies in ms at half of its most requests a second, which come as they come (Poisson)."""
    plan = plan_for(running, made.photos, folder, seconds=seconds, connections=256, rate=rate / 2)
    return latencies(Asking(plan).found())


def latencies(found: Found) -> dict[str, Any]:
    """Return p50 and p99 of the answers in ms from when they were due, how many there were, and by which status."""
    taken = sorted((done - due) * 1000 for due, done, status, *_ in found.rows if status == 200)
    return {
        "p50": round(percentile(taken, 0.5), 2),
        "p99": round(percentile(taken, 0.99), 2),
        "answers": len(taken),
        "statuses": dict(Counter(str(row[2]) for row in found.rows)),
        "client": round(found.cpu / (found.ended - found.began), 3),
        "late": round(found.late * 1000, 1),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted numbers, the nearest of them; NaN of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
