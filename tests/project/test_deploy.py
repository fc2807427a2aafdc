"""Containerfile, .dockerignore and deploy/: what an image is made of, as whom it runs, what its entrypoint reads."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"\\\n\s*", "", (PROJECT / "Containerfile").read_text(encoding="utf-8"))
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
USER = "10001"


def said(word: str) -> list[str]:
    return [rest for first, rest in LINES if first == word]


def copied() -> list[str]:
    return sorted(name for rest in said("COPY") for name in rest.split()[:-1])


def _files(path: Path) -> Iterator[Path]:
    for one in [path] if path.is_file() else path.rglob("*"):
        if one.is_file() and "__pycache__" not in one.parts:
            yield one


def test_an_image_holds_the_program_and_its_lock_and_nothing_else() -> None:
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(copied())
    assert {"deploy", "recipes", "prefect.yaml", "pyproject.toml", "requirements-remote.lock"} <= set(copied())
    service = re.findall(r"^COPY (.*) \S+$", (PROJECT / "Containerfile.serve").read_text(encoding="utf-8"), re.M)
    both = sorted({*copied(), *(name for names in service for name in names.split())})
    allowed = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split("\n*\n")[1].splitlines()
    assert [line.removeprefix("!") for line in allowed if line.startswith("!")] == both
    assert all((PROJECT / name).exists() for name in copied())


def test_packages_come_from_the_lock_before_the_program_is_there_and_nothing_is_fetched_later() -> None:
    first, second = (rest for rest in said("RUN") if "pip install" in rest)
    assert "--only-binary=:all: -r requirements-remote.lock" in first
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(second.split())
    order = [" ".join(line) for line in LINES]
    assert order.index(f"RUN {first}") < order.index("COPY evergreen evergreen") < order.index(f"RUN {second}")
    assert not re.search(r"\b(git|curl|wget|ADD)\b", "\n".join(order))
    assert ":latest" not in said("FROM")[0]
    assert ":" in said("FROM")[0]


def test_it_does_not_run_as_root_and_writes_below_its_home_alone() -> None:
    assert said("USER") == [f"{USER}:{USER}"]
    assert f"--uid {USER} --home-dir /var/lib/evergreen" in said("RUN")[0]
    (variables,) = said("ENV")
    found = dict(one.split("=", 1) for one in variables.split())
    assert all(found[name].startswith("/var/lib/evergreen") for name in ("HOME", "EVERGREEN_STORE", "PREFECT_HOME"))
    (worker,) = yaml.safe_load_all((PROJECT / "deploy/workers.yaml").read_text(encoding="utf-8"))
    pod = worker["spec"]["template"]["spec"]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, int(USER))
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == found["HOME"]
    assert yaml.safe_load(said("CMD")[0]) == [
        one for one in pod["containers"][0]["args"] if one not in ("--work-queue", "cpu")
    ]


ENTRYPOINT = PROJECT / "deploy/entrypoint.sh"


def _enter(secrets: Path) -> subprocess.CompletedProcess[str]:
    show = [str(ENTRYPOINT), "sh", "-c", 'echo "$A|$B|$1"', "sh", "a b"]
    return subprocess.run(show, env={"PATH": "/usr/bin:/bin", "SECRETS_FILE": str(secrets)}, capture_output=True,
                          text=True, check=False)  # fmt: skip


def test_secrets_of_a_mounted_file_are_the_environment_of_what_is_started(tmp_path: Path) -> None:
    assert said("ENTRYPOINT") == ['["/opt/evergreen/deploy/entrypoint.sh"]']
    (tmp_path / "worker.env").write_text("# of the bucket\n\nA=x $(id) 'y' # z\nB=c+/=", encoding="utf-8")
    done = _enter(tmp_path / "worker.env")
    assert (done.returncode, done.stdout) == (0, "x $(id) 'y' # z|c+/=|a b\n"), done.stderr


@pytest.mark.parametrize("what", ["no line of it", "a folder", "not there"])
def test_secrets_that_cannot_be_read_start_nothing_and_are_not_shown(tmp_path: Path, what: str) -> None:
    path = tmp_path / "worker.env"
    if what == "a folder":
        path.mkdir()
    elif what == "no line of it":
        path.write_text("f00dplanted\n", encoding="utf-8")
    done = _enter(path)
    assert done.returncode != 0
    assert done.stdout == ""
    assert str(path) in done.stderr
    assert "f00dplanted" not in done.stderr


@pytest.mark.soak
def test_what_an_image_holds_is_whole(tmp_path: Path) -> None:
    image = tmp_path / "opt/evergreen"
    files = {str(path.relative_to(PROJECT)) for name in copied() for path in _files(PROJECT / name)}
    for name in files:
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, image / name)
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "EVERGREEN_"))}
    environment = kept | {"HOME": str(home), "EVERGREEN_STORE": str(home / "store"), "PYTHONPATH": str(image)}
    start = f"import commands.main as main; assert main.__file__.startswith({str(image)!r}); main.app()"
    options = ["digits", "--set", "train.phases.0.epochs=2", "--set", "export.formats=[tflite-float32]", "--json"]
    done = subprocess.run([sys.executable, "-c", start, "retrain", *options], cwd=image, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "completed"
    assert {str(path.relative_to(image)) for path in _files(image)} == files, "it writes below its home alone"
