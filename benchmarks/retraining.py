"""What the benchmarks share: a retraining, a cross-validation or a sweep by the command, and which machine it is."""

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
        recipe: a recipe's name, or the path of its file.
        store: folder of the store.
        settings: ``dotted.path=value`` overrides of the recipe.
        source: replaces the recipe's source.
        server: address of a Prefect server's API; without it the command starts its own.
    """
    return _run("retrain", recipe, store, *settings, source=source, server=server)


def cross_validate(
    recipe: str, store: Path, folds: int, *settings: str, source: Path | None = None
) -> tuple[dict[str, Any], float]:
    """Run ``evergreen folds`` and return its run.json and its wall time in seconds; arguments as in ``retrain``."""
    return _run("folds", recipe, store, *settings, source=source, options=("--folds", str(folds)))


def new(name: str, store: Path, source: Path, folder: Path, *options: str) -> float:
    """Have ``evergreen new`` write a recipe into a folder's ``recipes/``; return its wall time in seconds."""
    began = time.monotonic()
    words = [str(EVERGREEN), "new", name, "--source", str(source), "--store", str(store), *options]
    subprocess.run(words, check=True, cwd=folder)
    return time.monotonic() - began


def sweep(
    recipe: str, store: Path, *settings: str, source: Path | None = None, options: tuple[str, ...] = ()
) -> tuple[dict[str, Any], float]:
    """Run ``evergreen sweep`` and return its run.json and its wall time in seconds.

    Args:
        recipe: a recipe's name, or a sweep's.
        store: folder of the store.
        settings: as in ``retrain``.
        source: as in ``retrain``.
        options: what is tried, and how.
    """
    return _run("sweep", recipe, store, *settings, source=source, options=options)


def doctor(recipe: str, store: Path, *settings: str, source: Path | None = None) -> dict[str, Any]:
    """Run ``evergreen doctor`` and return its run.json; arguments as in ``retrain``."""
    return _run("doctor", recipe, store, *settings, source=source)[0]


def inspect(recipe: str, store: Path, source: Path | None, *settings: str) -> None:
    """Run the steps of the data, by ``evergreen inspect``."""
    _run("inspect", recipe, store, *settings, source=source)


def _run(
    command: str,
    recipe: str,
    store: Path,
    *settings: str,
    source: Path | None,
    server: str | None = None,
    options: tuple[str, ...] = (),
) -> tuple[dict[str, Any], float]:
    environment = os.environ | {"PREFECT_API_URL": server} if server else os.environ
    given = [part for setting in settings for part in ("--set", setting)]
    given += ["--source", str(source)] if source else []
    words = [str(EVERGREEN), command, recipe, "--json", "--store", str(store), *options, *given]
    began = time.monotonic()
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout), time.monotonic() - began


def processor() -> str:
    """Return the processor's name and which of the instructions it has that decide precisions and speeds."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    known = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set(known.get("flags", "").split())
    some = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return " ".join([known.get("model name", "an unknown processor"), *some])


def seconds_of(summary: dict[str, Any]) -> dict[str, float]:
    """Return how long each step's body took, in seconds; 0 for one that was reused."""
    return {step["name"]: step["seconds"] for step in summary["steps"]}
