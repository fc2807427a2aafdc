"""evergreen.addresses, and the recipe's fields that hold addresses: a secret is refused, and shown nowhere."""

import pytest

from evergreen.addresses import file_name, redacted, secret_in, shown, with_query
from evergreen.errors import BadInput, BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sources.fetching.small_file import fetch_bytes, name_of

PLANTED = "f00dplantedf00d"


@pytest.mark.parametrize(
    "query",
    [
        f"X-Amz-Signature={PLANTED}",
        f"X-Goog-Signature={PLANTED}&X-Goog-Date=20261121",
        f"GoogleAccessId=a&Expires=1&Signature={PLANTED}",
        f"sv=2022&sig={PLANTED}",
        f"token={PLANTED}",
        f"access_token={PLANTED}",
        f"apikey={PLANTED}",
        f"v={PLANTED * 3}",
    ],
)
def test_a_signed_address_in_a_recipe_is_refused_unshown(query: str) -> None:
    url = f"https://host/photos.zip?{query}"
    assert secret_in(url)
    for attempt in (
        {"source": url},
        {"overrides": [f"source={{http: {{files: [{{url: '{url}'}}]}}}}"]},
        {"overrides": [f"source={{http: {{files: [{{url: 'https://host/a.zip', query: '{query}'}}]}}}}"]},
    ):
        with pytest.raises(BadRecipe) as caught:
            load_recipe("digits", **attempt)
        assert PLANTED not in str(caught.value)
        assert "query" in str(caught.value)


def test_a_password_in_an_address_is_refused_unshown() -> None:
    with pytest.raises(BadRecipe, match="a user name or password") as caught:
        load_recipe("digits", source=f"https://me:{PLANTED}@host/photos.zip")
    assert PLANTED not in str(caught.value)
    assert "~/.netrc" in str(caught.value)
    assert "question mark" not in str(caught.value)


SLASHED = [
    f"https://me:12/3{PLANTED}@host/photos.zip",
    f"https://me:12/3{PLANTED}@files.example.com/photos.zip",
    f"https://me:2024/{PLANTED}@files.example.com/photos.zip",
    f"https://me:2024/{PLANTED}@host/photos.zip",
    f"https://me:2024/{PLANTED}@10.0.0.7:8443/photos.zip",
    f"https://me:2024/{PLANTED}@[::1]/photos.zip",
    f"https://me:12/3/{PLANTED}/@host/photos.zip",
    f"https://me:/{PLANTED}@host/photos.zip",
    f"https://me:12/3?{PLANTED}@host/photos.zip",
    f"https://me:12#3{PLANTED}@host/photos.zip",
    f"https://me:12/3@4{PLANTED}@host/photos.zip",
    f"https://first.last:12/3{PLANTED}@host/photos.zip",
    f"https://me:12/3{PLANTED}@host",
    f"http://me:2024/{PLANTED}@mlflow.example.com",
]


@pytest.mark.parametrize("url", SLASHED)
def test_a_password_with_a_slash_is_refused_unshown(url: str) -> None:
    assert PLANTED not in f"{shown(url)} {file_name(url)} {name_of(url)} {redacted(url)}"
    for attempt in ({"source": url}, {"overrides": [f"track.mlflow='{url}'"]}):
        with pytest.raises(BadRecipe, match="a user name or password, it seems with a slash in it") as caught:
            load_recipe("digits", **attempt)
        assert PLANTED not in str(caught.value)
    with pytest.raises(BadInput, match="a slash is written %2F, in a path an @ is written %40") as refused:
        fetch_bytes(url, 1)
    assert PLANTED not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://host/@scope/pkg",
        "https://host/a@b.jpg",
        "https://host/me@example.com/photos.zip",
        "https://host:8080/path@x",
        "https://host:8080/a@b.jpg",
        "https://nas:81/icon@2x.png?v=1",
        "https://host:4873/@scope/pkg/-/pkg-1.0.tgz",
        "https://host:8080/photos@1.2.3/a.zip",
        "https://host:8080/photos@v2/a.zip",
        "https://host:8080/photos@1.2.3-beta.1/a.zip",
        f"https://host:5000/v2/photos:7@sha256:{'0123456789abcdef' * 4}",
        "https://host:8080/photos.zip?owner=me@example.com",
        "https://files.example.com:8443/me@example.com/photos.zip",
        "http://localhost:81/me@example.com/photos.zip",
        "http://127.0.0.1:81/me@example.com/photos.zip",
        "http://[::1]:81/me@example.com/photos.zip",
        "https://minio:9000/me%40example.com/photos.zip",
    ],
)
def test_an_at_in_a_path_is_no_login(url: str) -> None:
    assert secret_in(url) is None
    assert shown(url) == url.partition("?")[0]
    assert load_recipe("digits", source=url).source.http


GOOGLE_DRIVE = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs"


@pytest.mark.parametrize(
    "url",
    [
        "https://host/photos.zip",
        "https://host/d?download=1",
        "https://host/d?id=42&v=3",
        f"https://drive.google.com/uc?export=download&id={GOOGLE_DRIVE}",
        f"https://host/api/access/datafile/:persistentId?persistentId=doi:10.7910/{GOOGLE_DRIVE}",
        f"https://host/archive?commit={'0123456789' * 4}",
        f"https://drive.usercontent.google.com/download?id={GOOGLE_DRIVE}&export=download&authuser=0&confirm=t"
        "&uuid=123e4567-e89b-12d3-a456-426614174000",
        f"https://host/a.zip?sha256={'0123456789abcdef' * 4}",
        "https://host/a.zip?author=smith&design=1&si=youtube&sp=r",
        f"https://cloud.example.com/s/AbCdEf/download?path=%2F&files={'photos-' * 6}.zip",
        f"https://host/a.zip?response-content-disposition=attachment%3B%20filename%3D{'photos-' * 6}.zip",
        f"https://host/a.zip?md5={'0123456789abcdef' * 2}&hash={'0' * 40}&checksum={'1' * 64}",
    ],
)
def test_a_plain_address_is_no_secret(url: str) -> None:
    assert secret_in(url) is None
    assert load_recipe("digits", source=url).source.http


def test_what_is_shown_of_an_address() -> None:
    assert shown(f"https://me:{PLANTED}@host:8443/a/b.zip?sig={PLANTED}#x") == "https://host:8443/a/b.zip"
    assert file_name("https://host/a/photos%20of%2F%2e%2e/b%2Fc.zip?x=1") == "c.zip"
    assert file_name("https://host/") == "download"
    assert file_name("https://host/..") == "download"


@pytest.mark.parametrize("value", ["sig=abc&x=1", "?sig=abc&x=1", "https://host/photos.zip?sig=abc&x=1\n"])
def test_the_query_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PHOTOS_QUERY", value)
    address = with_query("https://host/photos.zip", "${PHOTOS_QUERY}", lambda name: "")
    assert address == "https://host/photos.zip?sig=abc&x=1"
    assert with_query("https://host/d?v=1", "secret:photos", lambda name: f"name={name}").endswith("?v=1&name=photos")
    assert with_query("https://host/d?v=1", None, lambda name: "") == "https://host/d?v=1"


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(BadInput, match="export EVERGREEN_NO_SUCH="):
        with_query("https://host/photos.zip", "${EVERGREEN_NO_SUCH}", lambda name: "")
