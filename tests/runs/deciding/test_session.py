"""runs.deciding.session: what is decided is written at once, and taken back only where nobody else was there."""

import getpass
from pathlib import Path

import pytest
from asking import CLASSES, ROWS, WHEN, digest, session_of, suspect

from evergreen.decisions.decision import Decision
from evergreen.errors import BadInput
from evergreen.recipe import load_recipe, parse_recipe
from runs.deciding import session as module
from runs.deciding.session import now, sitting, whoever_decides


def test_each_decision_is_in_the_file_at_once_with_what_the_image_was(tmp_path: Path) -> None:
    session = session_of(tmp_path / "x.labels.yaml")
    assert session.decide(digest(1), "relabel", "glass") == {
        "decision": "relabel", "class": "glass", "who": "Anna", "when": WHEN,
    }  # fmt: skip
    session.decide(digest(2), "keep")
    session.decide(digest(3), "leave out")
    assert session.file.read().made == {
        digest(1): Decision("relabel", "glass", "paper", "paper/1.jpg", "Anna", WHEN),
        digest(2): Decision("keep", "", "metal", "metal/2.jpg", "Anna", WHEN),
        digest(3): Decision("leave out", "", "", "new/3.jpg", "Anna", WHEN),
    }
    assert session.counts() == {"relabelled": 1, "kept": 1, "left out": 1}
    told = session.state()
    assert [one["decision"]["decision"] for one in told["questions"]] == ["relabel", "keep", "leave out"]
    assert told["classes"][0] == {"name": "glass", "key": "1"}
    assert session_of(session.file.path).questions == []


def test_undo_brings_back_what_was_before_unless_somebody_else_decided(tmp_path: Path) -> None:
    session = session_of(tmp_path / "x.labels.yaml")
    session.decide(digest(1), "keep")
    session.decide(digest(1), "relabel", "metal")
    told = session.undo(digest(1))
    assert told
    assert told["decision"] == "keep"
    assert session.undo(digest(1)) is None
    assert session.counts() == {}
    with pytest.raises(BadInput, match="nothing to take back"):
        session.undo(digest(1))
    session.decide(digest(1), "leave out")
    session.file.set(digest(1), Decision("keep", who="Bo"))
    with pytest.raises(BadInput, match=r"not taken back: .* \(keep, by Bo\)"):
        session.undo(digest(1))
    assert session.file.read().made[digest(1)].who == "Bo"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((digest(7), "keep"), "one of the images that are asked about"),
        (("../../etc/passwd", "keep"), "one of the images that are asked about"),
        ((digest(1), "drop"), "expected keep, relabel or leave out, received 'drop'"),
        ((digest(1), "relabel"), "a class beside relabel alone"),
        ((digest(1), "relabel", "wood"), "received 'wood'"),
        ((digest(1), "keep", "glass"), "a class beside relabel alone"),
        ((digest(4), "keep"), "one class for a picture under glass and paper"),
    ],
)
def test_nothing_else_is_written(tmp_path: Path, said: tuple[str, ...], words: str) -> None:
    rows = (*ROWS, suspect(4, "glass"), {**suspect(4, "paper"), "rank": "5"})
    session = session_of(tmp_path / "x.labels.yaml", rows)
    with pytest.raises(BadInput, match=words):
        session.decide(*said)
    assert not session.file.path.exists()


def test_a_sitting_is_of_the_recipes_file_and_of_somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "waste.yaml"
    path.write_text("name: waste\nsource: {local: {path: x}}\n")
    found = sitting(load_recipe(path), ROWS, CLASSES, " Zoë ")
    assert (found.file.path, found.who, found.title) == (tmp_path / "waste.labels.yaml", "Zoë", "waste")
    with pytest.raises(BadInput, match="without"):
        sitting(parse_recipe({"name": "a", "source": {"local": {"path": "x"}}}, "a"), ROWS, CLASSES)
    assert now().endswith("Z")
    monkeypatch.setenv("PATH", str(tmp_path))  # no Git
    monkeypatch.setenv("USER", "bo")
    monkeypatch.setenv("LOGNAME", "bo")
    assert whoever_decides() == "bo"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(BadInput, match="add --as NAME"):
        whoever_decides()
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\n[ $1.$2 = config.user.name ] && echo 'Anna B.'\n")
    git.chmod(0o755)
    assert module.whoever_decides() == "Anna B."
