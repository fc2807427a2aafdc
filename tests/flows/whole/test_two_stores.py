"""Two workers with a store each, and one server: a recipe has one champion, and a person says which store decides."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from station import WORKER, Station, station

from storage.champions import Champions

pytestmark = pytest.mark.soak

DIGITS = "retrain-digits"
SETTINGS = {"train": {"phases": [{"epochs": 2, "batch": 32}]}, "export": {"formats": ["tflite-float32"]}}


def _champion(machine: Station) -> str | None:
    return Champions(machine.store).current("digits")


def _run(machine: Station) -> dict[str, Any]:
    """Let this machine's worker alone do a run, and return how it ended."""
    machine.start(WORKER)
    try:
        return machine.ended(machine.run(DIGITS, settings=SETTINGS), 600)
    finally:
        machine.kill(WORKER)


def test_the_second_store_promotes_nothing_until_it_is_told_to_decide(tmp_path: Path) -> None:
    for name in ("desk", "laptop"):
        (tmp_path / name).mkdir()
    with station(tmp_path / "desk") as desk:
        desk.make("deploy")
        laptop = Station(tmp_path / "laptop")
        laptop.port, laptop.api = desk.port, desk.api
        try:
            assert _run(desk)["name"].startswith("retrain digits: promoted, ")
            first = _champion(desk)
            refused = _run(laptop)
            assert refused["state_type"] == "FAILED"
            assert refused["name"] == "retrain digits: another store decides on this recipe, failed"
            assert (
                f"expected: store {json.loads((desk.store / 'store.json').read_text())['identity'][:12]}, "
                in (refused["state"]["message"])
            )
            assert (_champion(desk), _champion(laptop)) == (first, None)
            (told,) = laptop.store.glob("runs/*/run.json")
            assert json.loads(told.read_text(encoding="utf-8"))["steps"] == []

            done = subprocess.run(
                [str(Path(sys.executable).with_name("evergreen")), "adopt", "digits"],
                env=laptop.environment | {"PREFECT_API_URL": laptop.api}, cwd=tmp_path, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert f"promoted {str(first)[:12]}" in done.stdout
            assert _run(laptop)["name"].startswith("retrain digits: promoted, ")
            assert _champion(laptop)
            assert _run(desk)["state_type"] == "FAILED"
            assert _champion(desk) == first
        finally:
            laptop.stop()
