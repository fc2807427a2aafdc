"""evergreen.sources.kaggle_source: the real official client against a fake Kaggle on loopback."""

import base64
import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import AccessRefused, ChecksumMismatch, SourceGone, SourceUnavailable, SourceUnreachable
from evergreen.sections.data import KaggleSource
from evergreen.sources import kaggle_source
from evergreen.sources.fetching.context import SourceContext

TOKEN = "KGAT_planted_token"  # noqa: S105
PROJECT = Path(kaggle_source.__file__).parents[2]
DATA = b"kaggle" * 100_000
PREFIX = "/api/v1/datasets.DatasetApiService/"


class FakeKaggle:
    """Versions of one dataset, and who may have them."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.current = 7
        self.status = 200
        self.users = {f"Bearer {TOKEN}", "Basic " + base64.b64encode(b"me:planted_key").decode()}
        self.downloads: list[dict[str, Any]] = []
        self.redirect = True
        server.post = self.post

    def post(self, handler: Any, body: dict[str, Any]) -> None:
        if handler.path == "/api/v1/security.OAuthService/IntrospectToken":
            answer = {"active": body.get("token") == TOKEN, "username": "me"}
            return handler.answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        if self.status != 200:
            message = json.dumps({"code": self.status, "message": "no"}).encode()
            return handler.answer(self.status, message, {"Content-Type": "application/json"})
        if handler.headers.get("Authorization") not in self.users:
            return handler.answer(401, b'{"code":401,"message":"who"}', {"Content-Type": "application/json"})
        assert (body["ownerSlug"], body["datasetSlug"]) == ("sumn2u", "garbage")
        if handler.path == PREFIX + "GetDataset":
            answer = {"currentVersionNumber": self.current}
            return handler.answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        assert handler.path == PREFIX + "DownloadDataset"
        self.downloads.append(body)
        if not self.redirect:
            return handler.answer(200, b"bytes")
        query = f"X-Goog-Signature=planted{len(self.downloads)}"
        path = f"/bucket/{body['datasetVersionNumber']}/{body.get('fileName') or 'archive.zip'}"
        hashes = f"crc32c=AAAAAA==,md5={base64.b64encode(hashlib.md5(DATA).digest()).decode()}"  # noqa: S324
        served = self.server.files.get(path) or self.server.add(path, DATA, headers={"x-goog-hash": hashes})
        served.query = query
        return handler.answer(302, b"", {"Location": self.server.url(f"{path}?{query}", "localhost")})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no credentials in the environment."""
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    (folder / ".kaggle").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def kaggle(server: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKaggle:
    from kagglesdk import kaggle_env

    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url("/api"))
    return FakeKaggle(server)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)


def _source(**settings: Any) -> KaggleSource:
    return KaggleSource(dataset="sumn2u/garbage", attempts=2, stall_seconds=2, pause_seconds=0.005, **settings)


def _acquire(source: KaggleSource, context: SourceContext) -> dict[str, Any]:
    return kaggle_source.acquire(source, kaggle_source.version(source, context)["files"], context)


def test_the_current_version_is_asked_for_pinned_and_fetched(
    kaggle: FakeKaggle, token: None, context: SourceContext, shelf: Any, capfd: pytest.CaptureFixture
) -> None:
    source = _source()
    facts = kaggle_source.version(source, context)
    assert facts == {
        "address": "kaggle:sumn2u/garbage", "version": "version 7", "files": {"garbage.zip": "version 7"},
    }  # fmt: skip
    kaggle.current = 8  # published between the probe and the download
    kept = kaggle_source.acquire(source, facts["files"], context)
    assert shelf.read(kept["garbage.zip"]) == DATA
    assert [body["datasetVersionNumber"] for body in kaggle.downloads] == [7]
    fetched = [seen for seen in kaggle.server.requests if seen.path.startswith("/bucket")]
    assert fetched
    assert all("Authorization" not in seen.headers and seen.host.startswith("localhost") for seen in fetched)
    assert kaggle_source.acquire(source, facts["files"], context) == kept
    assert len(kaggle.downloads) == 1
    assert capfd.readouterr() == ("", "")


def test_no_log_holds_a_token_a_key_or_a_signature(
    kaggle: FakeKaggle, token: None, context: SourceContext, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _acquire(_source(), context)
        kaggle.status = 403
        with pytest.raises(AccessRefused):
            _acquire(_source(), context)
    assert "planted" not in caplog.text


def test_a_new_version_is_another_version(kaggle: FakeKaggle, token: None, context: SourceContext) -> None:
    first = kaggle_source.version(_source(), context)
    kaggle.current = 8
    assert kaggle_source.version(_source(), context)["version"] != first["version"]


def test_a_pinned_version_asks_nobody(kaggle: FakeKaggle, context: SourceContext) -> None:
    assert kaggle_source.version(_source(version=3), context)["version"] == "version 3"
    assert not kaggle.server.requests


def test_single_files_are_fetched_by_name(kaggle: FakeKaggle, token: None, context: SourceContext) -> None:
    assert set(_acquire(_source(files=["a.zip", "b.zip"]), context)) == {"a.zip", "b.zip"}
    assert [body["fileName"] for body in kaggle.downloads] == ["a.zip", "b.zip"]


def test_a_cut_is_resumed_with_a_fresh_signature(
    kaggle: FakeKaggle, token: None, context: SourceContext, shelf: Any
) -> None:
    served = kaggle.server.add("/bucket/7/archive.zip", DATA)
    served.faults = [lambda handler, served: True, kaggle.server.cut(400_000)]  # the client's own look, then ours
    assert shelf.read(_acquire(_source(), context)["garbage.zip"]) == DATA
    assert len(kaggle.downloads) == 2
    assert kaggle.server.requests[-1].headers["Range"] == "bytes=400000-"


def test_a_wrong_byte_is_refused(kaggle: FakeKaggle, token: None, context: SourceContext, shelf: Any) -> None:
    hashes = {"x-goog-hash": f"md5={base64.b64encode(hashlib.md5(DATA).digest()).decode()}"}  # noqa: S324
    kaggle.server.add("/bucket/7/archive.zip", DATA[:-1] + b"K", headers=hashes)
    with pytest.raises(ChecksumMismatch):
        _acquire(_source(), context)
    assert not list(shelf.folder.iterdir())


def _by_variables(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("KAGGLE_USERNAME", "me")
    patch.setenv("KAGGLE_KEY", "planted_key")


def _by_token_file(home: Path, patch: pytest.MonkeyPatch) -> None:
    (home / ".kaggle" / "access_token").write_text(TOKEN + "\n")


def _by_key_file(home: Path, patch: pytest.MonkeyPatch) -> None:
    path = home / ".kaggle" / "kaggle.json"
    path.write_text(json.dumps({"username": "me", "key": "planted_key"}))
    path.chmod(0o600)


def _by_config_dir(home: Path, patch: pytest.MonkeyPatch) -> None:
    (home / "elsewhere").mkdir()
    path = home / "elsewhere" / "kaggle.json"
    path.write_text(json.dumps({"username": "me", "key": "planted_key"}))
    path.chmod(0o600)
    patch.setenv("KAGGLE_CONFIG_DIR", str(path.parent))


@pytest.mark.parametrize("give", [_by_variables, _by_token_file, _by_key_file, _by_config_dir])
def test_credentials_are_found_where_kaggle_looks_for_them(
    kaggle: FakeKaggle, home: Path, monkeypatch: pytest.MonkeyPatch, give: Callable
) -> None:
    give(home, monkeypatch)
    script = f"""
from kagglesdk import kaggle_env
kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = {kaggle.server.url("/api")!r}
from evergreen.sections.data import KaggleSource
from evergreen.sources import kaggle_source
print(kaggle_source.version(KaggleSource(dataset="sumn2u/garbage"), None)["version"])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "version 7\n"


def test_without_credentials_it_says_how_to_get_some(
    kaggle: FakeKaggle, context: SourceContext, capfd: pytest.CaptureFixture
) -> None:
    with pytest.raises(AccessRefused, match="KAGGLE_API_TOKEN"):
        kaggle_source.version(_source(), context)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, AccessRefused, "token is wrong or has expired"),
        (403, AccessRefused, "terms were not accepted"),
        (404, SourceGone, "no such dataset"),
        (429, SourceUnreachable, "busy"),
        (500, SourceUnreachable, "busy or broken"),
        (400, SourceUnavailable, "HTTP 400"),
    ],
)
def test_kaggles_refusals_are_told_apart(
    kaggle: FakeKaggle, token: None, context: SourceContext, status: int, error: type[Exception], words: str
) -> None:
    kaggle.status = status
    for attempt in (lambda: kaggle_source.version(_source(), context), lambda: _acquire(_source(version=7), context)):
        with pytest.raises(error, match=words) as caught:
            attempt()
        assert "planted" not in str(caught.value)


def test_an_answer_that_is_no_redirect_is_refused(kaggle: FakeKaggle, token: None, context: SourceContext) -> None:
    kaggle.redirect = False
    with pytest.raises(SourceUnavailable, match="expected a redirect"):
        _acquire(_source(), context)


def test_kaggle_is_not_imported_before_it_is_needed() -> None:
    script = "import sys; import evergreen.sources.probe; print({'kaggle', 'kagglesdk', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
