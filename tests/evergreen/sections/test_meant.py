"""evergreen.sections.meant: what --source names, and what is said of what it cannot."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sections.meant import source_meant

PLANTED = "f00dplantedf00d"


@pytest.mark.parametrize(
    ("text", "dataset"),
    [
        ("kaggle:sumn2u/garbage-classification-v2", {"dataset": "sumn2u/garbage-classification-v2"}),
        ("kaggle://sumn2u/garbage-classification-v2/", {"dataset": "sumn2u/garbage-classification-v2"}),
        ("kaggle:datasets/me/set/versions/7", {"dataset": "me/set", "version": 7}),
        ("https://www.kaggle.com/datasets/me/set?select=a.jpg", {"dataset": "me/set"}),
    ],
)
def test_a_dataset_of_kaggle(text: str, dataset: dict[str, Any]) -> None:
    assert source_meant(text) == {"kaggle": dataset}
    assert load_recipe("digits", source=text).source.kind == "kaggle"


@pytest.mark.parametrize("text", ["kaggle:set", "kaggle:a/b/c", "kaggle:me/set/versions/0", "kaggle:../x"])
def test_a_word_that_is_no_dataset_of_kaggle(text: str) -> None:
    with pytest.raises(BadRecipe, match="expected kaggle:OWNER/DATASET"):
        source_meant(text)


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    photos = tmp_path / "mý photos 100%"
    photos.mkdir()
    expected = {"local": {"path": str(photos)}}
    encoded = quote(str(photos))
    for text in (
        f"file://{encoded}",
        f"file:{encoded}",
        f"file://localhost{encoded}",
        f"FILE://{encoded}",
        str(photos),
    ):
        assert source_meant(text) == expected
    with pytest.raises(BadRecipe, match="received one on another host: mount"):
        source_meant(f"file://server{encoded}")
    with pytest.raises(BadRecipe, match="expected file:///ABSOLUTE/PATH"):
        source_meant("file:photos.zip")
    with pytest.raises(BadRecipe, match="an impossible one"):
        source_meant("file:///a%00b")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("s3://bucket/photos.zip", "aws s3 presign"),
        ("gs://bucket/photos.zip", "gcloud storage sign-url"),
        ("hf://datasets/me/set", "https://huggingface.co/datasets/OWNER/NAME/resolve/main/FILE"),
        ("hf:me/set", "hf download"),
        ("ftp://host/photos.zip", "fetch it yourself and name the file or folder"),
    ],
)
def test_what_is_not_fetched_says_what_works(text: str, advice: str) -> None:
    with pytest.raises(
        BadRecipe, match=r"is not fetched: .*What works: a path, https://, file:///PATH, kaggle:"
    ) as told:
        load_recipe("digits", source=text)
    assert advice in str(told.value)


def test_a_path_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    for text in (f"file://{tmp_path}/caf%E9", os.fsdecode(bytes(tmp_path) + b"/caf\xe9")):
        with pytest.raises(BadRecipe, match=r"source\.local\.path: expected text that is not empty, in UTF-8"):
            load_recipe("digits", source=text)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_word_is_not_the_working_folder(text: str) -> None:
    with pytest.raises(BadRecipe, match="--source: expected where the images are, received nothing"):
        load_recipe("digits", source=text)


def test_nothing_at_a_path_says_what_works() -> None:
    with pytest.raises(BadRecipe, match=r"found nothing at photos\.zip\. What works: a path"):
        source_meant("photos.zip")


@pytest.mark.parametrize(
    "text",
    [
        f"https://me:{PLANTED}@host/photos.zip",
        f"https://me:{PLANTED}/x@host/photos.zip",
        f"s3://me:{PLANTED}@bucket/photos.zip",
        f"file://me:{PLANTED}@server/photos.zip",
        f"kaggle:me:{PLANTED}@host",
        f"me:{PLANTED}@host/photos.zip",
        f"//me:{PLANTED}@host/photos.zip",
        f"photos.zip?token={PLANTED}",
    ],
)
def test_a_login_or_a_query_is_never_shown(text: str) -> None:
    with pytest.raises(BadRecipe) as told:
        load_recipe("digits", source=text)
    assert PLANTED not in str(told.value)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("source={http: {files: [{url: 'file:///photos.zip'}]}}", "belongs into source.local.path"),
        ("source={http: {files: [{url: 'kaggle:me/set'}]}}", "belongs into source.kaggle.dataset"),
        ("source={http: {files: [{url: 's3://b/k'}]}}", "aws s3 presign"),
        ("source={http: {files: [{url: 'host/photos.zip'}]}}", "expected an address as https://HOST/PATH"),
        ("source={http: {files: [{url: 'https:/host/photos.zip'}]}}", "expected an address as https://HOST/PATH"),
        ("source={http: {files: [{url: 'http:///photos.zip'}]}}", "expected an address as https://HOST/PATH"),
        ("source={local: {path: 'https://host/photos.zip'}}", "belongs into source.http.files"),
    ],
)
def test_an_address_in_the_wrong_section_says_where_it_belongs(section: str, said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        load_recipe("digits", [section])
