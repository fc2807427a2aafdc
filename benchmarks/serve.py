"""Measure `evergreen serve`: beside other servers, through swaps, overload, killed workers, and from a cold start.

    .venv/bin/python benchmarks/serve.py [all|load|swaps|overload|kills|starts] [--folder FOLDER] [--keep]

load: EfficientNet-Lite0 in int8 at 224 pixels, asked about 400-pixel JPEGs (about 48 KB) on 127.0.0.1: the most
requests a second, and p50 and p99 at half of that, of Evergreen's service and of LitServe, BentoML and MLflow's
``models serve`` with the same .tflite, the same door and as many processes (MLflow also as it comes, with one); and
what decoding and the interpreter cost alone. All run at once and are asked by turns, so that noise meets them alike;
ratios inside one run count. The load comes from a process of its own, whose share of a core is told.

swaps: 100 times another champion under half load; every answer is held against what the model of the release that it
names says of that image. overload: a minute of four times the most requests. kills: workers, by SIGKILL, under half
load. starts: from the process' start to the first answer, and what its processes import.

The store is made once, by two retrainings, in ``--folder``, and is there for the next time. ``--keep`` writes a row for
each part to ``rows.jsonl``. Nothing else may run beside it.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accuracy import commit, keep
from retraining import processor
from serving.faults import kills, overload, starts, swaps
from serving.made import FORMAT, Made, make
from serving.measures import Asking, at_half, floor, most, plan_for
from serving.servers import STARTS, NotStarted, Running, ask, started, told

PARTS = ("load", "swaps", "overload", "kills", "starts")
WORKERS = os.cpu_count() or 1


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("all", *PARTS), default="all")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "evergreen-serving",
        help="of the store that is served; made where it is not there (default: %(default)s)",
    )
    parser.add_argument("--peers", default="litserve,bentoml,mlflow,mlflow-alone", help="of load; empty: none")
    parser.add_argument("--turns", type=int, default=3, help="of load")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn of load")
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--overload", type=float, default=60.0, help="seconds")
    parser.add_argument("--keep", action="store_true", help="write rows to rows.jsonl")
    arguments = parser.parse_args()
    made = make(arguments.folder.resolve())
    for part in PARTS if arguments.what == "all" else (arguments.what,):
        with tempfile.TemporaryDirectory() as name:
            measured = MEASURES[part](arguments, made, Path(name))
        at = datetime.now(UTC).isoformat(timespec="minutes")
        about = {"what": f"serve {part}", "commit": commit(), "processor": processor(), "at": at}
        row = about | {"workers": WORKERS, "load_average": round(os.getloadavg()[0], 2)} | measured
        if arguments.keep:
            keep(row)
        print("\n".join(["", f"== {part} ==", *TABLES[part](measured)]), flush=True)


def load(arguments: argparse.Namespace, made: Made, folder: Path) -> dict[str, Any]:
    """Return how Evergreen and its peers do beside each other; a peer that does not start says why."""
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        running: list[Running] = []
        for name in ("evergreen", *filter(None, arguments.peers.split(","))):
            try:
                server = STARTS[name](made, WORKERS)
                running.append(stack.enter_context(started(server, made.photos[0], folder)))
            except NotStarted as error:
                if name == "evergreen":
                    raise SystemExit(str(error)) from error
                missing[name] = str(error)
                print(f"{name} is missing: {error}", flush=True)
        alone = [floor(made, folder)]
        found = most(running, made, folder, turns=arguments.turns, seconds=arguments.seconds)
        for one in running:
            name = one.server.name
            seconds = 25.0 if name == "evergreen" else 15.0
            found[name]["half"] = at_half(one, made, folder, found[name]["rate"], seconds)
            found[name]["mib"] = round(one.mib())
            found[name]["processes"] = len(one.family())
        alone.append(floor(made, folder))
    return {"floor_ms": round(min(alone), 2), "floors_ms": [round(one, 2) for one in alone], "servers": found} | (
        {"missing": missing} if missing else {}
    )


@contextmanager
def service(made: Made, folder: Path) -> Iterator[tuple[Running, float]]:
    """Start Evergreen's service; yield it and the most requests a second that it answers now."""
    server = STARTS["evergreen"](made, WORKERS)
    with started(server, made.photos[0], folder) as running:
        answer = told(ask(server, made.photos[0])[1])
        if answer["format"] != FORMAT:
            raise SystemExit(f"expected answers of {FORMAT}, received {answer['format']}")
        plan = plan_for(running, made.photos, folder, seconds=5, connections=8)
        Asking(plan).found()
        found = Asking(plan).found()
        yield running, sum(row[2] == 200 for row in found.rows) / (found.ended - found.began)


def _swaps(arguments: argparse.Namespace, made: Made, folder: Path) -> dict[str, Any]:
    with service(made, folder) as (running, rate):
        return {"rate": round(rate / 2, 1)} | swaps(running, made, folder, rate, count=arguments.swaps, every=1.2)


def _overload(arguments: argparse.Namespace, made: Made, folder: Path) -> dict[str, Any]:
    with service(made, folder) as (running, rate):
        return {"most": round(rate, 1)} | overload(running, made, folder, rate, seconds=arguments.overload, times=4)


def _kills(arguments: argparse.Namespace, made: Made, folder: Path) -> dict[str, Any]:
    with service(made, folder) as (running, rate):
        return {"rate": round(rate / 2, 1)} | kills(running, made, folder, rate, count=4, every=4.0)


def _starts(arguments: argparse.Namespace, made: Made, folder: Path) -> dict[str, Any]:
    return starts(STARTS["evergreen"](made, WORKERS), made.photos[0], folder, 5)


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def _load_table(row: dict[str, Any]) -> list[str]:
    servers, alone = row["servers"], row["floor_ms"]
    lines = [
        f"decoding and the interpreter alone: {alone:.2f} ms (before and after: {row['floors_ms']})",
        "| server | requests/s | CPU ms | p50 ms at half | p99 ms | p50 / alone | processes, MiB | client's CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in servers.items():
        half, rates = one["half"], f"{one['rate']} {one['by_connections']}"
        times = f"{half['p50']} | {half['p99']} ({half['answers']}) | {half['p50'] / alone:.2f}"
        rest = f"{one['processes']}, {one['mib']} | {one['client']:.1%}"
        lines.append(f"| {name} | {rates} | {one['cpu_ms']} | {times} | {rest} |")
    lines += [f"{name}: missing: {why.splitlines()[0]}" for name, why in row.get("missing", {}).items()]
    mine = servers["evergreen"]
    peers = {name: servers[name]["rate"] for name in ("litserve", "bentoml") if name in servers}
    if peers:
        better = max(peers, key=peers.__getitem__)
        ratio = mine["rate"] / peers[better]
        lines.append(f"requests/s: {ratio:.2f} of {better}'s (bar 1.0: {_verdict(ratio >= 1)})")
    for name, words in (("mlflow", "with as many processes"), ("mlflow-alone", "as it comes, one process")):
        if name in servers:
            ratio = mine["rate"] / servers[name]["rate"]
            lines.append(f"requests/s: {ratio:.2f} of MLflow's {words} (bar 3.0: {_verdict(ratio >= 3)})")
    ratio = mine["half"]["p50"] / alone
    lines.append(
        f"p50 at half load: {ratio:.2f} of decoding and the interpreter alone (bar 1.5: {_verdict(ratio <= 1.5)})"
    )
    others = {status: count for status, count in mine["statuses"].items() if status != "200"}
    return [*lines, *([f"evergreen also answered {others}"] if others else [])]


def _swaps_table(row: dict[str, Any]) -> list[str]:
    met = not row["failed"] and not row["mixed"] and not row["unseen"] and row["worst"] <= 1
    said = f"{row['swaps']} swaps, {row['answers']} answers: {row['failed']} failed, {row['mixed']} mixed up, "
    return [f"{said}{row['unseen']} unseen; seen after {row['p50']} s, at worst {row['worst']} s: {_verdict(met)}"]


def _overload_table(row: dict[str, Any]) -> list[str]:
    mib, statuses = row["mib"], row["statuses"]
    only = set(statuses) <= {"200", "429"} and "429" in statuses
    flat, back = mib["most"] <= mib["early"] * 1.1 + 16, row["first"] <= 2 * row["half"]
    return [
        f"offered {row['offered']}/s, served {row['served']}/s of {row['most']}/s; {statuses}: {_verdict(only)}",
        f"memory, MiB: {mib}: {_verdict(flat)}",
        f"p50 at half load {row['half']} ms before, {row['first']} ms in the first 2 s after: {_verdict(back)}",
        f"client's share of a core {row['client']:.1%}, requests sent up to {row['late']} ms late",
    ]


def _kills_table(row: dict[str, Any]) -> list[str]:
    met = row["failed"] <= row["kills"] and not row["hung"] and None not in row["replaced"]
    said = f"{row['kills']} kills of {row['workers']} workers: {row['statuses']}, replaced after {row['replaced']} s, "
    return [f"{said}slowest answer {row['slowest']} s: {_verdict(met)}"]


def _starts_table(row: dict[str, Any]) -> list[str]:
    met = row["p50"] <= 2 and not row["imported"]
    said = f"first answer after {row['seconds']} s, median {row['p50']} s; "
    return [f"{said}of {row['processes']} processes, imported: {row['imported'] or 'none of them'}: {_verdict(met)}"]


MEASURES = {"load": load, "swaps": _swaps, "overload": _overload, "kills": _kills, "starts": _starts}
TABLES = {
    "load": _load_table,
    "swaps": _swaps_table,
    "overload": _overload_table,
    "kills": _kills_table,
    "starts": _starts_table,
}

if __name__ == "__main__":
    main()
