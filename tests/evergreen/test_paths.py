"""evergreen.paths: words that no file can be called by are answered as those of a file that is not there."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from evergreen.errors import BadInput, BadRecipe
from evergreen.paths import can_be_named, is_file, is_folder, is_there, path_of
from evergreen.recipe import load_recipe
from evergreen.sections.meant import source_meant
from evergreen.sources.given import named
from evergreen.sources.local import local_path

LONG = "x" * 300
WORDS = pytest.mark.parametrize("words", [LONG, "a\0b", "~nobody-has-this-name/a"], ids=["long", "NUL", "~"])


@WORDS
def test_there_is_nothing_of_that_name(tmp_path: Path, words: str) -> None:
    path = tmp_path / path_of(words)
    assert not any(there(path) for there in (is_file, is_folder, is_there))
    assert can_be_named(path) == words.startswith("~")


def test_what_is_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "file").touch()
    assert path_of("~/file") == tmp_path / "file"
    assert [is_file(path_of("~/file")), is_folder(tmp_path), is_there(tmp_path)] == [True] * 3
    assert can_be_named(tmp_path / "file")
    assert can_be_named(tmp_path / "none/file")


@WORDS
@pytest.mark.parametrize(
    "asked",
    [
        load_recipe,
        lambda words: load_recipe("digits", source=words),
        source_meant,
        local_path,
        lambda words: load_recipe(f"{words}.yaml"),
    ],
    ids=["recipe", "--source", "source_meant", "source.local.path", "recipe's file"],
)
def test_a_recipe_or_a_source_of_that_name_is_refused_in_words(asked: Callable[[str], object], words: str) -> None:
    with pytest.raises(BadInput, match=r"expected .* (file|name|found none)") as caught:
        asked(words)
    assert isinstance(caught.value, BadRecipe) or asked is local_path


@WORDS
@pytest.mark.parametrize("form", ["{}", "{}/*.png", "file:///{}"])
def test_an_image_of_that_name_is_one_that_cannot_be_read(form: str, words: str) -> None:
    (image,) = named([form.format(words.replace("\0", "%00"))]).images
    with pytest.raises((BadInput, OSError)) as caught:
        image.read()
    assert isinstance(caught.value, BadInput) or caught.value.errno in (errno.ENOENT, errno.ENAMETOOLONG)
