"""flows.opening: a wrong environment is said before anything, by commands and flows alike."""

from pathlib import Path

import pytest
from command import Command

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from flows import started
from flows.opening import open_store


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
