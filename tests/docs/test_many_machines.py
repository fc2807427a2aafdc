"""docs/many-machines.md: what this machine can run of it, as two on loopback; the rest says that nobody runs it."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from station import PROJECT, SERVER, WORKER, Station, until

from evergreen.recipe import load_recipe
from storage.champions import Champions
from storage.steps.records import Records
from storage.store import Store

TEXT = (PROJECT / "docs/many-machines.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```sh\n# (.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)
NOBODY = "not run here: wants "
DESK, LAPTOP, DATABASE = "on the desk", "on the laptop", "as a user of Postgres"
ASIDE = ", in a terminal of its own"
DASK, DASK_PORT = ".venv/bin/dask ", 8786
ON_POSTGRES = f"{DESK}{ASIDE}, with Postgres"
BACKGROUND = {"make dashboard": SERVER, "make worker": WORKER}
POSTGRES = [program for name in ("initdb", "pg_ctl", "createdb", "psql") if (program := shutil.which(name))]


def _blocks(*places: str) -> list[tuple[str, str]]:
    return [(place, commands) for place, commands in BLOCKS if place in places]


def test_every_command_is_run_or_says_that_it_is_not() -> None:
    assert TEXT.count("```sh") == len(BLOCKS), "a block's first line says where it runs"
    run = {DESK, LAPTOP, DESK + ASIDE, LAPTOP + ASIDE, DATABASE, ON_POSTGRES}
    assert {place for place, _ in BLOCKS if not place.startswith(NOBODY)} == run
    asides = [commands.strip() for _, commands in _blocks(DESK + ASIDE, LAPTOP + ASIDE)]
    assert all(command in BACKGROUND or command.startswith(DASK) for command in asides)
    for _, commands in BLOCKS:
        assert not re.search(r"\$\(|`|<<|\\$", commands, re.MULTILINE), "one command a line, as it is typed"


def test_its_yaml_is_good() -> None:
    recipe, *examples = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    for name, value in yaml.safe_load(recipe)["train"].items():
        load_recipe("digits", [f"train.{name}={value}"])
    file = (PROJECT / "prefect.yaml").read_text(encoding="utf-8")
    found = [yaml.safe_load(f"{file}\n{example}")["deployments"][-1] for example in examples]
    assert [(one["work_pool"]["name"], one["work_pool"]["work_queue_name"]) for one in found] == [
        ("evergreen", "gpu"),
        ("evergreen-docker", "cpu"),
    ]
    assert {one["entrypoint"] for one in found} == {"flows/retrain.py:retrain"}


def _do(machine: Station, commands: str, folder: Path) -> None:
    """Run a block's commands on a machine, which keeps what they export."""
    commands = commands.replace("127.0.0.1:4200", f"127.0.0.1:{machine.port}").replace("/srv/evergreen", str(folder))
    commands = commands.replace(str(DASK_PORT), str(_dask_port(machine)))
    done = subprocess.run(
        ["bash", "-c", f"set -e\n{commands}"], cwd=PROJECT, env=machine.environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    machine.environment |= dict(re.findall(r"^export (\w+)=(\S+)$", commands, re.MULTILINE))


def _dask_port(machine: Station) -> int:
    return machine.port + 1


def _start_dask(machine: Station, command: str) -> None:
    """Start a scheduler or a worker as a machine would, and wait until it says that it is there."""
    log = machine.store.parent / f"{command.split()[1]}.txt"
    words = command.replace(str(DASK_PORT), str(_dask_port(machine))).split()
    with log.open("wb") as told:
        subprocess.Popen(words, cwd=PROJECT, env=machine.environment, stdout=told, stderr=told, start_new_session=True)
    until(lambda: re.search(r"Scheduler at|Registered to", log.read_text(encoding="utf-8")))


def _summary(machine: Station) -> dict[str, Any]:
    newest = max(machine.store.glob("runs/*/run.json"), key=lambda path: path.stat().st_mtime)
    found: dict[str, Any] = json.loads(newest.read_text(encoding="utf-8"))
    return found


@pytest.mark.soak
def test_two_machines_do_what_it_says(tmp_path: Path) -> None:
    machines = {}
    for name in (DESK, LAPTOP):
        (tmp_path / name).mkdir()
        machines[name] = Station(tmp_path / name)
    desk, laptop = machines.values()
    laptop.port, laptop.api = desk.port, desk.api  # what the tunnel does
    desk.environment["PORT"] = str(desk.port)
    try:
        for place, commands in _blocks(DESK, LAPTOP, DESK + ASIDE, LAPTOP + ASIDE):
            machine = machines[place.removesuffix(ASIDE)]
            if place.endswith(ASIDE):
                if commands.startswith(DASK):
                    _start_dask(machine, commands)
                else:
                    machine.start(BACKGROUND[commands.strip()])
            else:
                _do(machine, commands, tmp_path / "shared")
            if "plan digits" in commands:
                ran = {step["name"] for step in _summary(laptop)["steps"] if step["state"] == "ran"}
                assert ran <= {"probe", "challenge", "promote"}
        assert {run["state_type"] for run in desk.runs("retrain-digits") if not run["auto_scheduled"]} == {"COMPLETED"}
        desk.kill(WORKER)  # so the laptop's does the next one
        before = _summary(laptop)["id"]
        assert desk.ended(desk.run("retrain-digits"), 300)["name"] == "retrain digits: nothing changed"
        assert _summary(laptop)["id"] != before
        first, second = (Champions(machine.store).current("digits") for machine in (desk, laptop))
        assert first == second is not None
        assert list(desk.store.glob("runs/*/sweep.json"))
        records = Records(Store(desk.store))
        folds = [record.output.sha256 for record in records.all() if record.step.startswith("fold ")]
        assert len(folds) == 2
        assert all(Store(laptop.store).manifest_path(fold).is_file() for fold in folds), "trained on the laptop"
    finally:
        laptop.stop()
        desk.stop()


@contextmanager
def _postgres(log: Path) -> Iterator[dict[str, str]]:
    """Start a Postgres of this test's own, on loopback; yield what its clients read. It refuses to be root's."""
    user = "postgres" if os.geteuid() == 0 else None

    def call(*command: str) -> None:
        with log.open("ab") as told:
            subprocess.run(command, user=user, cwd="/", check=True, stdout=told, stderr=told)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path may not be long
        if user:
            shutil.chown(folder, user)
        call("initdb", "-D", f"{folder}/data", "-U", "evergreen", "-A", "trust", "-N")
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "-D", f"{folder}/data", "-w", "-o", settings, "start")
        try:
            yield {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": "evergreen"}
        finally:
            call("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")


@pytest.mark.soak
@pytest.mark.skipif(len(POSTGRES) < 4, reason="Postgres is not installed: apt-get install postgresql")
def test_the_server_keeps_its_data_in_postgres(tmp_path: Path) -> None:
    (_, create), (_, start) = _blocks(DATABASE, ON_POSTGRES)
    with _postgres(tmp_path / "postgres.txt") as clients:
        subprocess.run(["bash", "-c", create], env=os.environ | clients, check=True)
        desk = Station(tmp_path)
        exported, command = start.strip().splitlines()
        address = exported.removeprefix("export PREFECT_SERVER_DATABASE_CONNECTION_URL=")
        address = address.replace("USER:PASSWORD", clients["PGUSER"]).replace(":5432", f":{clients['PGPORT']}")
        desk.environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = address
        try:
            desk.start(BACKGROUND[command])
            desk.make("deploy")
            desk.start(WORKER)
            assert desk.ended(desk.run("maintain"))["state_type"] == "COMPLETED"
        finally:
            desk.stop()
        asked = ["psql", "-d", "evergreen", "-Atc", "select name from flow_run where state_type = 'COMPLETED'"]
        told = subprocess.run(asked, env=os.environ | clients, capture_output=True, text=True, check=True)
        assert "maintain" in told.stdout
        assert not list(desk.store.rglob("prefect.db"))
