"""Measure what a hundred thousand and a million images cost one machine.

    .venv/bin/python benchmarks/scale.py hashes

hashes: the searches for near-duplicates that a run does, at the default 3 bits, in seconds of CPU (which work beside it
adds little to) and in peak memory of a process of its own, libraries in it: among random hashes, those of pictures that
have 49 copies each, half of which differ by a bit or two, and equal ones.

Each row goes to ``rows.jsonl``, as those of ``accuracy.py`` do.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
from accuracy import commit, keep
from retraining import processor

BITS = 3
COUNTS = (200_000, 1_000_000)
COPIES = 50


def main() -> None:
    """Measure what the arguments name."""
    if sys.argv[1:2] == ["one"]:  # a process that measures one thing of itself
        print(json.dumps(ONES[sys.argv[2]](*sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("hashes",))
    parser.parse_args()
    at = datetime.now(UTC).isoformat(timespec="minutes")
    about = {"what": "scale hashes", "commit": commit(), "processor": processor(), "at": at}
    keep(about | hashes())


def hashes() -> dict[str, Any]:
    """Return seconds of CPU and peak memory of every search, by how many hashes of which kind."""
    return {"bits": BITS, "cases": [alone("search", str(count), kind) for count in COUNTS for kind in KINDS]}


def search(count: str, kind: str) -> dict[str, Any]:
    """Return the seconds of CPU of three searches: for ``screen``, for ``split``, and for near-duplicates across it."""
    from evergreen.datasets import near

    drawn = KINDS[kind](int(count), np.random.default_rng(0))
    sides = np.random.default_rng(1).choice(3, len(drawn), p=[0.8, 0.1, 0.1])
    near.groups(drawn[:1000], BITS)  # what is imported is not counted
    seconds = {}
    for name, call in {
        "nearest_earlier": lambda: near.nearest_earlier(drawn, BITS),
        "groups": lambda: near.groups(drawn, BITS),
        "first_of_lower_rank": lambda: near.first_of_lower_rank(drawn, sides, BITS),
    }.items():
        began = time.process_time()
        call()
        seconds[name] = round(time.process_time() - began, 2)
    return {"count": len(drawn), "kind": kind, "cpu_seconds": seconds, "peak_mib": peak()}


def with_copies(count: int, random: np.random.Generator) -> np.ndarray:
    """Return hashes of pictures with copies, half of which differ from the first in one or two bits; in any order."""
    drawn = np.repeat(random.integers(0, 2**64 - 1, count // COPIES, dtype=np.uint64), COPIES)
    for _ in range(2):
        drawn[::2] ^= np.uint64(1) << random.integers(0, 64, len(drawn[::2]), dtype=np.uint64)
    return random.permutation(drawn)


KINDS = {
    "random": lambda count, random: random.integers(0, 2**64 - 1, count, dtype=np.uint64),
    "copies": with_copies,
    "equal": lambda count, _: np.full(count, 7, np.uint64),
}


def alone(what: str, *words: str) -> dict[str, Any]:
    """Return what a process of its own measures."""
    done = subprocess.run([sys.executable, __file__, "one", what, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} {' '.join(words)} failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peak() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


ONES = {"search": search}


if __name__ == "__main__":
    main()
