"""evergreen adopt: it needs a server that stores share, and says what is so now."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from typer.testing import CliRunner

from commands.main import app
from commands.upkeep import adopt as command
from storage.store import Store


def _adopt(store: Store, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--store", str(store.root)])


def test_without_a_server_that_stores_share_there_is_nothing_to_adopt(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "")
    done = _adopt(store, "adopt", "digits")
    assert (done.exit_code, "without one each store decides for itself" in done.output) == (2, True)
    assert "expected a recipe's name" in _adopt(store, "adopt", "../x").output
    assert not store.root.exists()


def test_it_says_which_store_decides_now_and_which_did(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.servers import deciding

    before = deciding.Decided("a" * 32, "/first", "desk", 3, "2026-11-30T08:58:00.000+00:00", "b" * 64, "promoted")
    after = deciding.Decided("c" * 32, str(store.root), "laptop")
    found = [(before, after), (before, after), (before, before), (None, before)]
    monkeypatch.setenv("PREFECT_API_URL", "http://server/api")
    monkeypatch.setattr(command, "prepare_prefect", lambda *_, **__: None)
    monkeypatch.setattr(command, "on_server", lambda *_: nullcontext(lambda: None))
    monkeypatch.setattr(deciding, "adopted", lambda *_: found.pop(0))
    assert json.loads(_adopt(store, "adopt", "digits", "--json").stdout) == {
        "recipe": "digits", "before": before.__dict__, "after": after.__dict__,
    }  # fmt: skip
    assert _adopt(store, "adopt", "digits").stdout.splitlines() == [
        f"digits: store cccccccccccc, {store.root} on laptop, decides from now on",
        "before: store aaaaaaaaaaaa, /first on desk: promoted bbbbbbbbbbbb at 2026-11-30 08:58",
        "what that store has stays there, and is compared with no more; its next run is refused",
        "here: no champion yet",
    ]
    assert _adopt(store, "adopt", "digits").stdout.splitlines()[1:] == [
        "here: promoted bbbbbbbbbbbb was the last decision here"
    ]
    quiet = _adopt(store, "--quiet", "adopt", "digits").stdout
    assert quiet == "digits: store aaaaaaaaaaaa, /first on desk, decides from now on\n"
