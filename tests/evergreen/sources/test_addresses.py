"""evergreen.sources.addresses, and the recipe's fields that hold addresses: a secret is refused, and shown nowhere."""

import pytest

from evergreen.errors import BadInput, BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sources.addresses import file_name, secret_in, shown, with_query

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
