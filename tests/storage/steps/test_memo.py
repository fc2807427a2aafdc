"""storage.steps.memo: a cache that may be deleted, damaged, and shared."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.steps import memo as module
from storage.steps.memo import Memo


def test_values_come_back(tmp_path: Path) -> None:
    memo = Memo(tmp_path / "below" / "memo.sqlite")
    assert memo.get(["a"]) == {}
    assert not (tmp_path / "below").exists()
    memo.put({str(number): {"value": number} for number in range(1200)})
    memo.put({"7": {"value": "seven"}})
    assert Memo(tmp_path / "below" / "memo.sqlite").get(["7", "1199", "none"]) == {
        "7": {"value": "seven"},
        "1199": {"value": 1199},
    }
    assert len(memo.get(str(number) for number in range(2000))) == 1200


VALUES = {f"{number:064x}": {"width": number, "why": None} for number in range(600)}
PAGE = 4096


def _filled(path: Path) -> bytes:
    Memo(path).put(VALUES)
    return path.read_bytes()


def _is_as_if_it_were_new(path: Path) -> None:
    """What comes back was put in, nothing raises, and what is put in from now on comes back."""
    found = Memo(path).get(VALUES)
    assert found.items() <= VALUES.items()
    Memo(path).put({"a": 2})
    assert Memo(path).get(["a"]) == {"a": 2}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"no database" * 1000,
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[: PAGE + 7],
        lambda data: data[:PAGE] + bytes(len(data) - PAGE),  # every page but the first
        lambda data: data[:PAGE] + b"\xff" * (len(data) - PAGE),
        lambda data: data[:100] + bytes(PAGE - 100) + data[PAGE:],  # no table is known
        lambda data: data[:18] + b"\x03" + data[19:],  # a version that is read, not written
        lambda data: data.replace(b"checked", b"chucked"),
        lambda data: data.replace(b'"why": null', b'"why": nul!'),
        lambda data: data.replace(b'"width": 59', b'"width": 19'),  # JSON, but not what was put in
    ],
    ids=["text", "empty", "half", "page", "zeros", "ones", "schema", "version", "name", "json", "value"],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "memo.sqlite"
    path.write_bytes(damage(_filled(path)))
    _is_as_if_it_were_new(path)
    path.write_bytes(damage(_filled(path)))
    Memo(path).put({"b": 3})
    assert Memo(path).get(["b"]) == {"b": 3}


def _fuzz(path: Path, times: int) -> None:
    data, chance = _filled(path), random.Random(18)
    for _ in range(times):
        bad = bytearray(data)
        for _ in range(chance.choice((1, 4, 300))):
            start = chance.randrange(len(bad))
            bad[start : start + chance.choice((1, 8, 200))] = chance.randbytes(1)
        path.write_bytes(bad)
        _is_as_if_it_were_new(path)


def test_damage_at_any_place_is_survived(tmp_path: Path) -> None:
    _fuzz(tmp_path / "memo.sqlite", 60)


@pytest.mark.soak
def test_much_damage_at_any_place_is_survived(tmp_path: Path) -> None:
    _fuzz(tmp_path / "memo.sqlite", 6000)


def test_a_file_that_another_process_holds_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memo.sqlite"
    _filled(path)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: connect(path, timeout=0))
    with connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            Memo(path).put({"a": 1})
    assert Memo(path).get(VALUES) == VALUES


def test_a_file_that_cannot_be_opened_for_a_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = Memo(tmp_path / "memo.sqlite")
    memo.put({"a": 1})

    def refuse(*_: object, **__: object) -> None:  # as where too many files are open
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    with monkeypatch.context() as patched, pytest.raises(sqlite3.OperationalError):
        patched.setattr("storage.steps.memo.sqlite3.connect", refuse)
        memo.get(["a"])
    assert memo.get(["a"]) == {"a": 1}


def test_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "memo.sqlite"
    script = (
        "import sys; from pathlib import Path; from storage.steps.memo import Memo\n"
        "for n in range(60): Memo(Path(sys.argv[1])).put({f'{sys.argv[2]}-{n}': n})"
    )
    project = Path(module.__file__).parents[2]
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path), str(n)], cwd=project) for n in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert len(Memo(path).get(f"{which}-{n}" for which in range(4) for n in range(60))) == 240
