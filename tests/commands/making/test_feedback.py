"""commands.making.feedback: what is kept is listed, asked about and forgotten, and the next line to type is told."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loops import Loop
from served import Served

from commands import options
from commands.looking import deciding
from commands.main import app
from evergreen.recipe import load_recipe
from runs.deciding.session import Session
from runs.serving.feedback.asking import is_a_source
from tasks.data import unpack


@pytest.fixture
def loop(tmp_path: Path, png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr(unpack, "remark", lambda _: None)
    return Loop(Served(tmp_path / "a störe"), tmp_path, png)


@pytest.fixture
def told(loop: Loop, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str, recipe: str = "") -> tuple[int, str, str]:
        capsys.readouterr()
        line = ["feedback", recipe or str(loop.file), *words, "--store", str(loop.store.root)]
        code = app(line, standalone_mode=False)
        return int(code or options.DONE), *capsys.readouterr()

    return run


def test_what_is_kept_is_listed_for_people_and_for_programs(loop: Loop, told: Any) -> None:
    digests = loop.answered(*range(25))
    for digest in digests[:22]:
        loop.say(digest, "blue", "<Mal|lory>")
    code, out, _ = told("--list")
    assert code == 0
    lines = dict(line.split(None, 1) for line in out.splitlines() if line[:1] != " ")
    assert lines["kept"].startswith("25 answers to 25 images, 0 of them unsure; 25 pictures; in ")
    assert lines["waiting"] == "22 that nobody confirmed, so that nothing trains on them"
    assert "<Mal|lory> says blue, the model red" in out
    assert "and 2 more: --json has all" in out
    assert lines["confirmed"] == "nothing"
    assert "next" not in lines
    loop.confirm(digests[0], "red", "blue")
    _, out, _ = told("--list")
    assert out.splitlines()[-1].split(None, 1) == [
        "next", f"evergreen retrain {shlex.quote(str(loop.file))} --store {shlex.quote(str(loop.store.root))}",
    ]  # fmt: skip
    found = json.loads(told("--list", "--json")[1])
    assert found["confirmed"]["classes"] == {"red": 1}
    assert len(found["truths"]["said"]) == 21


def test_the_line_to_type_adds_what_is_confirmed_as_one_more_source(loop: Loop, told: Any) -> None:
    (digest,) = loop.answered(1)
    loop.confirm(digest, "red")
    loop.name(loop.photos.parent / "others")
    line = shlex.split(told("--list")[1].splitlines()[-1])
    assert line[:3] == ["next", "evergreen", "retrain"]
    added = load_recipe(line[3], [line[line.index("--set") + 1]])
    assert is_a_source(added, loop.kept)
    assert len(added.source) == 3  # type: ignore[arg-type]
    line = shlex.split(told("--list", "--source", str(loop.photos))[1].splitlines()[-1])
    assert line.count("--source") == 2
    assert is_a_source(load_recipe(line[3], (), [line[5], line[-1]]), loop.kept)


def test_a_person_is_asked_about_both_what_was_said_and_what_was_unsure(
    loop: Loop, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (said,), (unsure,) = loop.answered(1), loop.answered(2, sure=0.5)
    loop.say(said, "blue")
    asked: list[Session] = []

    def ask_in(session: Session, read: Any, values: Any, next_line: str, port: int) -> Session | None:
        asked.append(session)
        assert read(said) == loop.log.read(said)
        assert next_line.startswith("evergreen retrain ")
        return session if session.questions else None

    monkeypatch.setattr(deciding, "ask_in", ask_in)
    assert told("--as", "Anna")[0] == 0
    assert [one.sha256 for one in asked[0].questions] == [said, unsure]
    assert asked[0].who == "Anna"
    told("--unsure", "0", "--as", "Anna")
    assert [one.sha256 for one in asked[1].questions] == [said]
    asked[0].decide(said, "keep")
    asked[0].decide(unsure, "relabel", "red")
    _, out, _ = told("--as", "Anna")
    assert asked[2].questions == []
    assert "confirmed  1 blue, 1 red in " in out


def test_a_picture_is_forgotten_by_its_digest(loop: Loop, told: Any) -> None:
    one, two = loop.answered(1, 2)
    loop.confirm(one, "red")
    code, out, _ = told("--forget", one, "--forget", "0" * 64)
    assert code == 0
    assert out.splitlines()[0].startswith(f"forgotten  {one[:16]}...: the picture in the log of colours; the confirmed")
    assert out.splitlines()[1].endswith("nothing of it was kept here")
    assert json.loads(told("--forget", two, "--json")[1])[0]["deleted"] == [
        "the picture in the log of colours", "1 answer of colours",
    ]  # fmt: skip
    code, _, error = told("--forget", "../../x")
    assert (code, "expected a SHA-256" in error) == (2, True)


def test_what_cannot_be_meant_is_refused(loop: Loop, told: Any) -> None:
    assert "found none: evergreen serve colours --log" in told("--list")[2]
    loop.answered(1)
    assert "expected --list or --forget beside --json" in told("--json")[2]
    assert "expected --list or --forget, received both" in told("--list", "--forget", "0" * 64)[2]
    assert "1 answers" in told("--list", "--log", str(loop.log.root))[1]
    assert "found none" in told("--list", "--log", str(loop.photos))[2]
