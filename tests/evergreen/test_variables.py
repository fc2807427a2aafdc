"""evergreen.variables: one list of what the environment may say, and it is the whole list."""

import re
import subprocess
from pathlib import Path

import pytest

from evergreen.errors import BadInput
from evergreen.images.processors import image_threads
from evergreen.variables import (
    CACHE_GIB,
    CHECKPOINT_MINUTES,
    DASK,
    LEASE_SECONDS,
    LOGICAL,
    STORE,
    THREADS,
    VARIABLES,
    check,
    value_of,
)

PROJECT = Path(__file__).resolve().parents[2]


def test_what_is_not_set_or_empty_has_no_value() -> None:
    assert check({"HOME": "/root", "EVERGREEN_THREADS": ""}) == []
    assert [value_of(variable, {}) for variable in VARIABLES] == [None] * len(VARIABLES)


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        (CACHE_GIB, "0", 0.0),
        (CACHE_GIB, "1.5", 1.5),
        (THREADS, "8", 8),
        (LOGICAL, "2", 2),
        (STORE, "a b/ø", "a b/ø"),
        (LEASE_SECONDS, "90", 90.0),
        (CHECKPOINT_MINUTES, "0.5", 0.5),
        (CHECKPOINT_MINUTES, "Never", float("inf")),
        (DASK, "tls://scheduler:8786", "tls://scheduler:8786"),
    ],
)
def test_what_may_be_held_is_read(variable: object, text: str, value: object) -> None:
    (known,) = (one for one in VARIABLES if one == variable)
    assert value_of(known, {known.name: text}) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("EVERGREEN_CACHE_GIB", text) for text in ("lots", "-1", "nan", "inf", "1,5")]
    + [("EVERGREEN_THREADS", text) for text in ("0", "-2", "two", "1.5", "\N{SUPERSCRIPT TWO}")]
    + [("EVERGREEN_LEASE_SECONDS", text) for text in ("4.9", "3601", "nan", "soon")]
    + [("EVERGREEN_CHECKPOINT_MINUTES", text) for text in ("0", "1441", "inf", "nan", "often")]
    + [("EVERGREEN_STORE", text) for text in ("  ", "~no-such-user/store")]
    + [("EVERGREEN_DASK", text) for text in ("dask", "tcp://10.0.0.7:8786")],
)
def test_what_may_not_be_held_is_refused_at_the_start(name: str, text: str) -> None:
    with pytest.raises(BadInput, match=rf"{name}: expected .*; received '{re.escape(text)}'"):
        check({name: text})


def test_another_name_is_answered_with_the_nearest() -> None:
    (near, far) = check({"EVERGREEN_CACHE_GB": "lots", "EVERGREEN_QUERY_OF_PHOTOS": "sig=1", "OTHER": "x"})
    assert near.startswith("EVERGREEN_CACHE_GB is no variable")
    assert near.endswith("did you mean EVERGREEN_CACHE_GIB?")
    assert "there are: EVERGREEN_STORE, " in far


def test_whatever_the_project_names_is_in_the_list() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.splitlines() if not name.startswith(("tests/", "CHANGELOG"))]
    named = {
        name
        for file in files
        for name in re.findall(
            r"EVERGREEN_[A-Z_]*[A-Z]", (PROJECT / file).read_text(encoding="utf-8", errors="replace")
        )
    }
    assert named == {variable.name for variable in VARIABLES}


def test_threads_are_those_of_the_craft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS.name, "3")
    assert image_threads() == value_of(THREADS) == 3
