"""evergreen.decisions.file: where decisions are written, and what a text says or is refused for."""

from pathlib import Path

import pytest

from evergreen.decisions.decision import Decision
from evergreen.decisions.file import decisions_beside, labels_file, parse, read_decisions
from evergreen.errors import BadRecipe

ONE, OTHER = "1" * 64, "a" * 64


def test_values_are_taken_as_they_are_written() -> None:
    text = (
        f"# Of ours.\n{ONE}: {{decision: relabel, class: no, was: 007, when: 2026-11-30T12:00:00Z}}\n"
        f"{OTHER}:\n  decision: leave out\n  was: ''\n  path: 'paper/a: b.jpg'\n  who: Zoë\n"
    )
    assert parse(text, "x") == {
        ONE: Decision("relabel", "no", "007", when="2026-11-30T12:00:00Z"),
        OTHER: Decision("leave out", "", "", "paper/a: b.jpg", "Zoë"),
    }
    assert parse("# nothing yet\n", "x") == parse("", "x") == parse("{}", "x") == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{ONE[:-1]}: {{decision: keep}}", "line 2: expected a SHA-256, 64 digits"),
        (f"{'A' * 64}: {{decision: keep}}", "line 2: expected a SHA-256, 64 digits"),
        (f"{OTHER}: {{decision: keep}}", "line 2: aaaaaaaaaaaa... is decided in line 1 already"),
        (f"{ONE}: {{decision: drop}}", "expected keep, relabel or leave out; received 'drop'"),
        (f"{ONE}: {{}}", "expected keep, relabel or leave out; received none"),
        (f"{ONE}: {{decision: relabel}}", "expected a class beside relabel"),
        (f"{ONE}: {{decision: keep, class: a}}", "expected it beside relabel alone; received 'a' beside keep"),
        (f"{ONE}: {{decision: keep, clas: a}}", "received 'clas'; did you mean class"),
        (f"{ONE}: {{decision: keep, when: today}}", "when: expected a time such as"),
        (f"{ONE}: {{decision: keep, decision: keep}}", "decision is given twice"),
        (f"{ONE}: {{decision: [keep]}}", "expected single values"),
        (f"{ONE}: keep", "line 2: expected one line an image"),
        ("- 1", "cannot be read as YAML: line 2"),
        ("<<<<<<< HEAD", "line 2: expected one line an image"),
    ],
)
def test_what_is_no_decision_is_refused_with_its_line(line: str, words: str) -> None:
    with pytest.raises(BadRecipe, match=r"^x\.yaml") as refused:
        parse(f"{OTHER}: {{decision: leave out}}\n{line}\n", "x.yaml")
    assert words in str(refused.value)


def test_two_recipes_of_a_folder_have_two_files_unless_they_name_one(tmp_path: Path) -> None:
    assert labels_file(tmp_path / "photos.yaml", None) == tmp_path / "photos.labels.yaml"
    shared = labels_file(tmp_path / "photos-lite.yaml", "photos.labels.yaml")
    assert shared == tmp_path / "photos.labels.yaml"
    assert labels_file(tmp_path / "photos.yaml", "/elsewhere/x.yaml") == Path("/elsewhere/x.yaml")
    assert decisions_beside(tmp_path / "photos.yaml", None)[1] == []
    assert "there is no file" in decisions_beside(tmp_path / "photos.yaml", "typo.yaml")[1][0]
    shared.write_bytes(b"\xef\xbb\xbf" + f"{ONE}: {{decision: keep}}\r\n".encode())
    found, missing = decisions_beside(tmp_path / "photos.yaml", None)
    assert (found.made, found.file, missing) == ({ONE: Decision("keep")}, shared, [])
    shared.write_bytes(b"\xff\x00")
    with pytest.raises(BadRecipe, match="no text in UTF-8"):
        read_decisions(shared)
