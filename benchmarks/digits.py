"""Measure the digits run: test accuracy over five seeds, seconds per step, and what the run adds to its steps.

    .venv/bin/python benchmarks/digits.py

Every run is cold, in a store of its own. The overhead is the wall time of the command minus the bodies of its steps,
once with a Prefect server already running and once with the private one that the command starts itself.
"""

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from prefect.server.api.server import SubprocessASGIServer
from retraining import retrain, seconds_of

SEEDS = (7, 1, 2, 3, 4)


def outside_steps(summary: dict[str, Any], wall: float) -> float:
    """Return the seconds that no step's body accounts for."""
    return wall - sum(seconds_of(summary).values())


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        summary, wall = retrain("digits", root / "private")
        print(f"cold, private server: {wall:.1f} s, of which outside steps {outside_steps(summary, wall):.1f} s")
        print("  " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in seconds_of(summary).items()))
        _, again = retrain("digits", root / "private")
        print(f"again, nothing changed, no server: {again:.1f} s")
        os.environ["PREFECT_HOME"] = str(root / "prefect")
        with SubprocessASGIServer() as server:
            accuracies = []
            for seed in SEEDS:
                # a name of its own: each seed has a store of its own, and one store decides on a recipe of a server
                summary, wall = retrain(
                    "digits", root / str(seed), f"seed={seed}", f"name=digits-{seed}", server=server.api_url
                )
                accuracies.append(summary["metrics"]["test"]["accuracy"])
                outside = outside_steps(summary, wall)
                print(f"seed {seed}, server running: {wall:.1f} s, outside steps {outside:.1f} s, {accuracies[-1]:.4f}")
            _, again = retrain("digits", root / "7", "seed=7", "name=digits-7", server=server.api_url)
            print(f"again, nothing changed, server running: {again:.1f} s")
        print(f"mean test accuracy of seeds {SEEDS}: {statistics.mean(accuracies):.4f}")


if __name__ == "__main__":
    main()
