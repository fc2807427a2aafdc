"""Measure the digits run: test accuracy over five seeds, seconds per step, and what the run adds to its steps.

    .venv/bin/python benchmarks/digits.py

Every run is cold, in a store of its own. The overhead is the wall time of the command minus the bodies of its steps,
once with a Prefect server already running and once with the private one that the command starts itself.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from prefect.server.api.server import SubprocessASGIServer

EVERGREEN = Path(sys.executable).with_name("evergreen")
SEEDS = (7, 1, 2, 3, 4)


def retrain(store: Path, *options: str, server: str | None = None) -> tuple[dict[str, Any], float]:
    """Run the command and return its run.json and its wall time in seconds."""
    environment = os.environ | {"PREFECT_API_URL": server} if server else os.environ
    began = time.monotonic()
    command = [str(EVERGREEN), "retrain", "digits", "--json", "--store", str(store), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout), time.monotonic() - began


def outside_steps(summary: dict[str, Any], wall: float) -> float:
    """Return the seconds that no step's body accounts for."""
    return wall - sum(step["seconds"] for step in summary["steps"])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        summary, wall = retrain(root / "private")
        print(f"cold, private server: {wall:.1f} s, of which outside steps {outside_steps(summary, wall):.1f} s")
        print("  " + ", ".join(f"{step['name']} {step['seconds']:.1f}" for step in summary["steps"]))
        _, again = retrain(root / "private")
        print(f"again, nothing changed, no server: {again:.1f} s")
        os.environ["PREFECT_HOME"] = str(root / "prefect")
        with SubprocessASGIServer() as server:
            accuracies = []
            for seed in SEEDS:
                summary, wall = retrain(root / str(seed), "--set", f"seed={seed}", server=server.api_url)
                accuracies.append(summary["metrics"]["test"]["accuracy"])
                outside = outside_steps(summary, wall)
                print(f"seed {seed}, server running: {wall:.1f} s, outside steps {outside:.1f} s, {accuracies[-1]:.4f}")
            _, again = retrain(root / "7", "--set", "seed=7", server=server.api_url)
            print(f"again, nothing changed, server running: {again:.1f} s")
        print(f"mean test accuracy of seeds {SEEDS}: {statistics.mean(accuracies):.4f}")


if __name__ == "__main__":
    main()
