"""evergreen maintain: the flow's own words for its bounds, what it found, and damage; the flow has tests of its own."""

import json
from contextlib import nullcontext
from inspect import signature
from typing import Any

import pytest
from typer.testing import CliRunner

from commands.main import app
from commands.upkeep import maintain as command
from storage.store import Store


def _row(chore: str, found: int, done: str = "no: dry run", size: int = 0) -> dict[str, Any]:
    return {"chore": chore, "found": found, "size": f"{size} bytes" if size else "", "bytes": size, "done": done,
            "which": "some, more"}  # fmt: skip


def test_it_says_first_and_does_what_it_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import maintenance

    called: list[dict[str, Any]] = []
    rows = [_row("forget old runs", 0), _row("remove old runs", 3, size=5)]

    def flow(store: str, **bounds: Any) -> list[dict[str, Any]]:
        called.append(bounds)
        if bounds["keep_days"] == 7:
            raise maintenance.StoreDamaged("remove what was altered: 1", [_row("remove what was altered", 1, "yes")])
        return rows

    parameters = {name: one.default for name, one in signature(maintenance.maintain.fn).parameters.items()}
    monkeypatch.setattr(maintenance, "maintain", flow)
    monkeypatch.setattr(command, "prepare_prefect", lambda *_, **__: None)
    monkeypatch.setattr(command, "on_server", lambda *_: nullcontext(lambda: None))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, "--store", str(store.root)])

    done = run("maintain")
    assert (done.exit_code, {"store": None, **called[0]}) == (0, parameters)
    assert done.stdout.splitlines() == [
        "3          remove old runs (5 bytes)",
        "           some, more",
        "1 of 2 chores found nothing to do; the others would free 5 bytes. Nothing was changed; to do it: "
        "evergreen maintain --no-dry-run",
    ]
    rows[1] = _row("remove old runs", 3, "no: a run uses the store", 5)
    done = run("maintain", "--no-dry-run", "--keep-runs", "3", "--no-keep-rejected")
    assert [called[1][name] for name in ("dry_run", "keep_runs", "keep_rejected")] == [False, 3, False]
    assert "remove old runs (5 bytes): no: a run uses the store" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("the others freed 0 bytes")
    assert json.loads(run("maintain", "--json").stdout) == rows
    damaged = run("--quiet", "maintain", "--keep-days", "7")
    assert (damaged.exit_code, damaged.stdout.count("\n")) == (1, 1)
    assert "something in the store was altered: some, more" in damaged.stderr
    assert run("maintain", "--keep-days", "0").exit_code == 2
