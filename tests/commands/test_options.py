"""commands.options: what --store may not be, and the exit code and the words of each kind of error."""

from pathlib import Path

import pytest
import typer

from commands import options
from evergreen.errors import BadInput, EvergreenError
from storage.errors import ArtifactMissing, StoreUnwritable

UNCALLABLE = {"long": "x" * 300, "NUL": "a\0b", "~": "~nobody-has-this-name/a"}


@pytest.mark.parametrize("words", UNCALLABLE.values(), ids=UNCALLABLE)
def test_a_store_that_no_folder_can_be_is_a_wrong_option(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.BadParameter):
        options._read(Path(words))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("expected this"), 2),
        (ArtifactMissing("expected this"), 2),
        (EvergreenError("expected this"), 1),
        (StoreUnwritable("expected this"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_of_ours_is_its_own_words_and_a_code(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, options.errors(verbose=False):
        raise error
    assert ended.value.exit_code == code
    assert capsys.readouterr().err == "expected this\n"
    with pytest.raises(type(error), match="expected this"), options.errors(verbose=True):
        raise error


def test_an_error_of_somebody_elses_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), options.errors(verbose=False):
        raise ZeroDivisionError


def test_what_the_author_of_a_recipe_should_know_is_said_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert options.loaded("digits", ["split.group_near_duplicates=true"], None).split.group == ("near-duplicates",)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "split.group_near_duplicates: true is an earlier spelling, and read as split.group: [near-duplicates]: "
        "write that instead\n"
    )
    options.loaded("digits", None, None)
    assert capsys.readouterr().err == ""


def test_what_may_belong_to_other_data_is_said_where_there_is_a_store(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options.loaded("digits", None, str(tmp_path))
    assert capsys.readouterr().err == ""
    options.loaded("digits", None, str(tmp_path), tmp_path / "store")
    assert capsys.readouterr().err.startswith("the title is still 'Handwritten digits, embedded', ")
