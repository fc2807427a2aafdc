"""A source behind signed URLs and a bucket behind the store, run for real: whole, again, a new version, offline,
expired; secrets nowhere."""

import io
import json
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Command
from fake_server import FakeServer
from remotes import KEY, SECRET

from storage.remote.objects import opened

PLANTED = "pl4ntedpl4nted"
SECRETS = (PLANTED, KEY, SECRET)
RECIPE = """
name: signed
source:
  http:
    pause_seconds: 0.01
    stall_seconds: 5
    files:
      - {{url: "{first}", query: "${{PHOTOS_QUERY}}"}}
      - {{url: "{second}", query: "secret:photos-query"}}
split: {{method: exact, validation: 0.2, test: 0.2}}
image: {{height: 8, width: 8}}
train: {{backbone: cnn, cnn: [{{filters: 2}}], head: {{pooling: average}}, phases: [{{epochs: 1, batch: 16}}]}}
export: {{formats: [tflite-float32]}}
retrain_when: {{min_new_share: 0.5}}
"""


def _photos(png: Callable[..., bytes], label: str, seeds: range) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for seed in seeds:
            zipped.writestr(f"photos/{label}/{seed}.png", png(seed, (9, 8)))
    return data.getvalue()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path / "store")


def _run(command: Command, recipe: Path, server: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    done = command("retrain", str(recipe), "--json", server=server)
    return done, json.loads(done.stdout)


def _steps(summary: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {step["name"]: (step["state"], step["reason"]) for step in summary["steps"]}


def _database() -> Path:
    from prefect.settings import get_current_settings

    url = get_current_settings().server.database.connection_url.get_secret_value()
    return Path(url.partition("///")[2])


def _planted(text: str | bytes) -> list[str]:
    """Return the secrets that are in what somebody may read."""
    data = text.encode() if isinstance(text, str) else text
    return [secret for secret in SECRETS if secret.encode() in data]


@pytest.mark.soak
def test_signed_downloads_and_a_bucket_from_the_first_run_to_the_expired_one(
    server: FakeServer,
    s3: str,
    prefect_server: str,
    command: Command,
    tmp_path: Path,
    png: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prefect.blocks.system import Secret

    monkeypatch.setenv("EVERGREEN_REMOTE", s3)
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{PLANTED}3")
    monkeypatch.setenv("PHOTOS_QUERY", f"X-Goog-Signature={PLANTED}1")
    Secret(value=f"sig={PLANTED}2").save("photos-query", overwrite=True)
    first = server.add("/cat.zip", _photos(png, "cat", range(30)), query=f"X-Goog-Signature={PLANTED}1")
    server.add("/dog.zip", _photos(png, "dog", range(100, 130)), query=f"sig={PLANTED}2")
    recipe = tmp_path / "signed.yaml"
    recipe.write_text(RECIPE.format(first=server.url("/cat.zip"), second=server.url("/dog.zip")))
    said = []

    done, summary = _run(command, recipe, prefect_server)
    said.append(done)
    assert done.returncode == 0, done.stderr
    assert {state for state, _ in _steps(summary).values()} == {"ran"}
    assert sum(values["count"] for values in summary["metrics"].values()) == 60
    assert "cat.zip" in done.stderr
    assert summary["remote"]["objects"] > 10
    assert summary["remote"]["problem"] == ""

    done, summary = _run(command, recipe, prefect_server)
    said.append(done)
    assert {state for state, _ in _steps(summary).values()} == {"reused"}

    plan = command("plan", str(recipe), "--json")
    said.append(plan)
    states = {step["name"]: (step["state"], step["reason"]) for step in json.loads(plan.stdout)["steps"]}
    assert states["probe"] == ("unknown", states["probe"][1])
    assert "Secret block photos-query" in states["probe"][1]

    first.data, first.etag = _photos(png, "cat", range(31)), '"v2"'
    fetched = len(server.requests)
    done, summary = _run(command, recipe, prefect_server)
    said.append(done)
    assert _steps(summary)["acquire"] == ("ran", "probe gave another result")
    assert (summary["outcome"], summary["decision"]["images"]["total"]) == ("not retrained", 61)
    whole = [seen.path for seen in server.requests[fetched:] if seen.headers.get("Range") != "bytes=0-0"]
    assert len(whole) == 1  # the other zip is here, in that version

    for served in server.files.values():
        served.faults = [server.status(503)] * 3
    done, summary = _run(command, recipe, prefect_server)
    said.append(done)
    assert done.returncode == 0, done.stderr
    assert {state for state, _ in _steps(summary).values()} == {"reused"}
    assert _steps(summary)["probe"][1].startswith("not reachable now; going on with what is here.")

    first.query = "X-Goog-Signature=fresh"
    first.faults, server.files["/dog.zip"].faults = [], []
    done, summary = _run(command, recipe, prefect_server)
    said.append(done)
    assert done.returncode == 1
    assert summary["outcome"] == "failed"
    assert "put its query into ${PHOTOS_QUERY}" in done.stderr

    lineage = command("lineage", str(next(command.root.glob("runs/*/exports/tflite-float32/model.tflite"))), "--json")
    said.append(lineage)
    assert server.url("/cat.zip") in lineage.stdout
    other = Command(tmp_path / "other" / "store")
    other.root.parent.mkdir()
    for machine, words, answers in (
        (command, ("push",), True),
        (command, ("maintain", "--remote", "--no-dry-run"), True),
        (command, ("check", "--verbose"), True),
        (other, ("pull", "--verbose"), True),
        (other, ("pull", "--verbose"), False),
        (command, ("push", "--verbose"), False),
    ):
        gone = {} if answers else {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        done = machine(*words, server=prefect_server, variables=gone)
        assert answers == (not done.returncode), (words, done.stderr)
        said.append(done)
    assert "does not answer" in said[-1].stderr
    assert [done.args for done in said if _planted(done.stdout + done.stderr)] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert {path: found for path in files if (found := _planted(path.read_bytes()))} == {}
    objects = opened(s3)
    shared = {found.name: objects.get(found.name) or b"" for found in objects.list("")}
    assert len(shared) > 10
    assert {name: found for name, data in shared.items() if (found := _planted(data))} == {}
    _check_the_database(_database())


def _check_the_database(path: Path) -> None:
    """Check every column of every table: flow and task run parameters, logs, artifacts, events, blocks (encrypted)."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {}
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
            counts[table] = len(rows)
            assert not _planted(str(rows)), table
    assert counts["flow_run"] >= 5
    assert counts["log"] > 0
    assert counts["artifact"] > 0
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        keys = database.execute("SELECT key, data FROM artifact WHERE type = 'progress'").fetchall()
    assert {key for key, _ in keys} >= {"signed-download-cat-zip", "signed-download-dog-zip"}
    assert {float(data) for _, data in keys} == {100.0}


def test_a_signed_url_on_the_command_line_is_refused_before_anything_is_written(
    command: Command, prefect_server: str
) -> None:
    done = command("retrain", "digits", "--source", f"https://host/a.zip?sig={PLANTED}", server=prefect_server)
    assert done.returncode == 2
    assert "put what follows the question mark into an environment variable" in done.stderr
    assert PLANTED not in done.stdout + done.stderr
    assert not command.root.exists()
