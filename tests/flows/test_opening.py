"""How runs and commands begin and end: a wrong environment is said before anything, and a true error is not hidden."""

from pathlib import Path
from typing import Any

import pytest
from command import Command

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from flows import started
from flows.opening import open_store
from runs.run import listener
from storage.garbage import collect
from storage.runs import summaries
from storage.store import Store


class Heard:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def started(self, run: Any) -> None:
        """Hear nothing."""

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)


@pytest.fixture
def heard() -> Any:
    hearing = Heard()
    token = listener.set(hearing)  # type: ignore[arg-type]
    yield hearing
    listener.reset(token)


@pytest.mark.parametrize(
    "words", [("plan", "digits"), ("retrain", "digits"), ("champions",), ("lineage", "0123456789")]
)
def test_every_command_refuses_a_wrong_environment_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("EVERGREEN_CACHE_GIB", "lots")
    done = Command(tmp_path / "store")(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "EVERGREEN_CACHE_GIB: expected a number of GiB, 0 or more; received 'lots'\n"
    assert not (tmp_path / "store").exists()


def test_an_unknown_variable_is_said_and_the_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_CACHE_GB", "1")
    done = Command(tmp_path / "store")("champions", "--json")
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert "did you mean EVERGREEN_CACHE_GIB?" in done.stderr


def test_a_flow_refuses_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERGREEN_THREADS", "none")
    with pytest.raises(BadInput, match="EVERGREEN_THREADS: expected a whole number"):
        open_store(str(tmp_path / "store"))
    with (
        pytest.raises(BadInput, match="EVERGREEN_THREADS"),
        started.started(load_recipe("digits"), str(tmp_path / "store")),
    ):
        raise AssertionError("it began")
    assert not (tmp_path / "store").exists()


def _fails(*_: object) -> int:
    raise OSError("the cache's disk is gone")


def test_what_fails_beside_a_failed_run_is_said_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    monkeypatch.setattr(started, "trim_cache", _fails)
    monkeypatch.setattr(started, "finish", _fails)
    with (
        pytest.raises(RuntimeError, match="the true error"),
        started.started(load_recipe("digits"), str(tmp_path / "store")),
    ):
        raise RuntimeError("the true error")
    assert heard.notes == [
        "the caches are not trimmed: OSError: the cache's disk is gone",
        "what the run came to is not written down: OSError: the cache's disk is gone",
    ]


def test_what_fails_beside_a_good_run_fails_it_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    monkeypatch.setattr(started, "trim_cache", _fails)
    shown: list[str] = []
    with started.started(
        load_recipe("digits"), str(tmp_path / "store"), show=lambda run, summary: shown.append(summary["outcome"])
    ) as (run, _):
        assert collect(run.store, 1) is None  # while a run goes on, nothing is collected
    assert shown == ["completed"]
    assert [summary["outcome"] for summary in summaries(Store(tmp_path / "store"))] == ["completed"]
    assert heard.notes == ["the caches are not trimmed: OSError: the cache's disk is gone"]
    assert collect(Store(tmp_path / "store"), 1) is not None
