"""What the benchmarks share: one retraining by the command, in a store that the benchmark chooses."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

EVERGREEN = Path(sys.executable).with_name("evergreen")


def retrain(
    recipe: str, store: Path, *settings: str, source: Path | None = None, server: str | None = None
) -> tuple[dict[str, Any], float]:
    """Run ``evergreen retrain`` and return its run.json and its wall time in seconds.

    Args:
        recipe: a recipe's name.
        store: folder of the store.
        settings: ``dotted.path=value`` overrides of the recipe.
        source: replaces the recipe's source.
        server: address of a Prefect server's API; without it the command starts its own.
    """
    environment = os.environ | {"PREFECT_API_URL": server} if server else os.environ
    options = [part for setting in settings for part in ("--set", setting)]
    options += ["--source", str(source)] if source else []
    command = [str(EVERGREEN), "retrain", recipe, "--json", "--store", str(store), *options]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout), time.monotonic() - began


def seconds_of(summary: dict[str, Any]) -> dict[str, float]:
    """Return how long each step's body took, in seconds; 0 for one that was reused."""
    return {step["name"]: step["seconds"] for step in summary["steps"]}
