"""What a service is put through: swaps, four times the load it can take, workers that are killed, cold starts."""

import contextlib
import io
import os
import signal
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from serving.load import FAILED, TIMED_OUT, Found
from serving.made import CLASSES, RECIPE, Made
from serving.measures import Asking, latencies, percentile, plan_for
from serving.model import Model
from serving.servers import NETWORK, Running, Server, answered, started, told

from commands.upkeep.champions import promote, rollback

_WORKER = "evergreen.serving.worker"
_LOADED_LATE = ("tensorflow", "keras", "prefect", "tensorboard", "mlflow")
_CLOSE = 1.5e-6  # probabilities are told with six digits


def swaps(running: Running, made: Made, folder: Path, rate: float, *, count: int, every: float) -> dict[str, Any]:
    """Change the champion under load, by turns forwards and back, and check every answer against its release's model.

    Returns:
        ``failed``: answers that were none. ``mixed``: those that are not what the release that they name says of that
        image. ``unseen``: swaps that no answer showed before the next. Seconds from the command's call to the first
        answer by the new release: ``p50``, ``worst``.
    """
    expected = {
        release: [Model(str(path), NETWORK).answer(photo) for photo in made.photos]
        for release, path in zip(made.releases, made.models, strict=True)
    }
    seconds = (count + 2) * every
    asking = Asking(plan_for(running, made.photos, folder, seconds=seconds, connections=256, rate=rate / 2, keep=True))
    time.sleep(2 * every)
    moments, taken = [], []
    for number in range(count):
        due = time.monotonic()
        with contextlib.redirect_stdout(io.StringIO()):
            if number % 2 == 0:
                promote(made.runs[1], made.store)
            else:
                rollback(RECIPE, made.store)
        taken.append(time.monotonic() - due)
        moments.append(due)
        time.sleep(max(0.0, due + every - time.monotonic()))
    return checked_swaps(asking.found(), made, expected, moments, every) | {"command": round(max(taken), 3)}


def checked_swaps(
    found: Found, made: Made, expected: dict[str, list[list[float]]], moments: list[float], every: float
) -> dict[str, Any]:
    """Return what answers under swaps say: as ``swaps``."""
    failed = [row for row in found.rows if row[2] != 200]
    answers = [(due, done, number, told(body)) for due, done, status, number, body in found.rows if status == 200]
    mixed = sum(not _is_of(answer, number, expected) for _, _, number, answer in answers)
    answers.sort(key=lambda answer: answer[1])
    seen: list[float] = []
    for index, moment in enumerate(moments):
        release = made.releases[(index + 1) % 2]
        until = moment + every
        shown = next((done for _, done, _, one in answers if moment < done < until and one["release"] == release), None)
        if shown is not None:
            seen.append(shown - moment)
    return {
        "swaps": len(moments),
        "answers": len(answers),
        "failed": len(failed),
        "mixed": mixed,
        "unseen": len(moments) - len(seen),
        "p50": round(percentile(sorted(seen), 0.5), 3),
        "worst": round(max(seen, default=float("nan")), 3),
        "why": sorted({f"{row[2]} {row[4][:200]}" for row in failed})[:3],
    }


def _is_of(answer: dict[str, Any], number: int, expected: dict[str, list[list[float]]]) -> bool:
    (one,) = answer["predictions"]
    if answer["release"] not in expected:
        return False
    scores = dict(zip(CLASSES, expected[answer["release"]][number], strict=True))
    best = max(scores, key=scores.__getitem__)
    near = all(abs(one["probabilities"][name] - score) <= _CLOSE for name, score in scores.items())
    return near and abs(one["top"][0]["probability"] - scores[best]) <= _CLOSE


def overload(
    running: Running, made: Made, folder: Path, rate: float, *, seconds: float, times: float
) -> dict[str, Any]:
    """Ask more than can be answered, and then at half load; memory is that of all processes, without what they share.

    Returns:
        ``statuses``; ``mib`` before, after a sixth of the time, at its end, at most, and after; ``half`` before and
        ``first`` in the first two seconds afterwards, p50 in ms; ``slowest``, the longest that an answer of any kind
        took.
    """
    before = latencies(Asking(_half(running, made, folder, rate, 5)).found())
    memory: list[float] = [running.mib()]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            memory.append(running.mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = Asking(
        plan_for(running, made.photos, folder, seconds=seconds, connections=512, rate=rate * times, timeout=60)
    ).found()
    after = Asking(_half(running, made, folder, rate, 5)).found()
    ended.set()
    watcher.join()
    first = sorted(
        (done - due) * 1000 for due, done, status, *_ in after.rows if status == 200 and due < after.began + 2
    )
    taken = sorted(done - due for due, done, *_ in found.rows)
    served = sum(row[2] == 200 for row in found.rows)
    early = memory[min(len(memory) - 1, 1 + int(seconds / 6))]
    return {
        "offered": round(len(found.rows) / seconds, 1),
        "served": round(served / (found.ended - found.began), 1),
        "statuses": dict(Counter(str(row[2]) for row in found.rows)),
        "served_ms": {key: latencies(found)[key] for key in ("p50", "p99")},
        "slowest": round(taken[-1], 2) if taken else None,
        "mib": {
            "before": round(memory[0]),
            "early": round(early),
            "most": round(max(memory)),
            "after": round(running.mib()),
        },
        "half": before["p50"],
        "first": round(percentile(first, 0.5), 2),
        "after_statuses": dict(Counter(str(row[2]) for row in after.rows)),
        "client": round(found.cpu / (found.ended - found.began), 3),
        "late": round(found.late * 1000, 1),
    }


def _half(running: Running, made: Made, folder: Path, rate: float, seconds: float) -> Any:
    return plan_for(running, made.photos, folder, seconds=seconds, connections=256, rate=rate / 2)


def kills(running: Running, made: Made, folder: Path, rate: float, *, count: int, every: float) -> dict[str, Any]:
    """Kill a worker by SIGKILL again and again under half load.

    Returns:
        ``failed``: requests without an answer, of how many. ``replaced``: the longest time in seconds until there were
        as many workers as before.
    """
    workers = len(_workers(running))
    if not workers:
        raise SystemExit(f"expected processes whose command line has {_WORKER}, found none below the service")
    asking = Asking(_half(running, made, folder, rate, (count + 1) * every))
    replaced: list[float | None] = []
    for number in range(count):
        time.sleep(every)
        victim = _workers(running)[number % workers]
        killed = time.monotonic()
        os.kill(victim.pid, signal.SIGKILL)
        replaced.append(_until_again(running, workers, victim.pid, killed, every))
    found = asking.found()
    lost = [row for row in found.rows if row[2] != 200]
    return {
        "kills": count,
        "workers": workers,
        "failed": len(lost),
        "statuses": dict(Counter(str(row[2]) for row in found.rows)),
        "replaced": [None if one is None else round(one, 2) for one in replaced],
        "slowest": round(max(row[1] - row[0] for row in found.rows), 2),
        "hung": sum(row[2] == TIMED_OUT for row in found.rows),
        "dropped": sum(row[2] == FAILED for row in found.rows),
    }


def _until_again(running: Running, count: int, gone: int, killed: float, within: float) -> float | None:
    while (taken := time.monotonic() - killed) < within:
        if len([one for one in _workers(running) if one.pid != gone]) >= count:
            return taken
        time.sleep(0.01)
    return None


def _workers(running: Running) -> list[psutil.Process]:
    found = []
    for one in running.family():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if _WORKER in one.cmdline():
                found.append(one)
    return found


def starts(server: Server, photo: bytes, folder: Path, count: int) -> dict[str, Any]:
    """Start a service again and again, and once more with all that its processes import written down.

    Returns:
        Seconds from the process' start to its first answer: ``p50``, ``worst``. ``imported``: which of TensorFlow,
        Keras, Prefect, TensorBoard and MLflow any of its processes imported or mapped into its memory.
    """
    taken = []
    for _ in range(count):
        began = time.monotonic()
        with started(server, photo, folder):
            taken.append(time.monotonic() - began)
    imported: set[str] = set()
    telling = Server(**(vars(server) | {"environment": dict(server.environment) | {"PYTHONPROFILEIMPORTTIME": "1"}}))
    with started(telling, photo, folder) as running:
        answered(running, photo)
        maps = [Path(f"/proc/{one.pid}/maps").read_text(encoding="utf-8") for one in running.family()]
        lines = running.log.read_text(encoding="utf-8", errors="replace").splitlines()
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines if line.startswith("import time:")}
    if "evergreen" not in names:
        raise SystemExit("expected the service's imports in its log, found none")
    imported |= {name for name in _LOADED_LATE if name in names or any(f"/{name}/" in one for one in maps)}
    return {
        "seconds": [round(one, 2) for one in taken],
        "p50": round(statistics.median(taken), 2),
        "worst": round(max(taken), 2),
        "modules": len(lines),
        "processes": len(maps),
        "imported": sorted(imported),
    }
