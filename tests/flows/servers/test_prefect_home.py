"""flows.servers.prefect_home: what Prefect is given of the environment, and a disk that is full at the start."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evergreen.errors import BadInput
from flows.servers.prefect_home import ask_loopback_directly, prepare_prefect
from storage.errors import StoreUnwritable


@pytest.fixture(autouse=True)
def environment(tmp_path: Path) -> Iterator[None]:
    """An environment of the test's own, which it may change, in a folder without settings."""
    before, here = dict(os.environ), Path.cwd()
    os.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
        del os.environ[name]
    os.environ["HOME"] = str(tmp_path)
    yield
    os.chdir(here)
    os.environ.clear()
    os.environ.update(before)


def _prefects() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper().startswith("PREFECT_")}


def test_without_a_server_of_the_users_nothing_of_the_users_settings_stays(tmp_path: Path) -> None:
    os.environ |= {"PREFECT_SERVER_API_AUTH_STRING": "u:p", "prefect_logging_level": "DEBUG", "PREFECT_HOME": "/else"}
    assert prepare_prefect(tmp_path / "store", verbose=False) is None
    assert _prefects() == {
        "PREFECT_HOME": str(tmp_path / "store" / "prefect"),
        "PREFECT_PROFILES_PATH": os.devnull,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    assert prepare_prefect(tmp_path / "store", verbose=True) is None
    assert "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL" not in _prefects()


def test_with_a_server_of_the_users_everything_of_the_users_settings_stays(tmp_path: Path) -> None:
    given = {
        "PREFECT_API_URL": "http://host/api",
        "PREFECT_API_AUTH_STRING": "u:p",
        "PREFECT_HOME": "/else",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "true",
    }
    os.environ |= given
    named = prepare_prefect(tmp_path / "store", verbose=True)
    assert str(named) == "the server of the environment variable PREFECT_API_URL at http://host/api"
    assert _prefects() == given | {"PREFECT_CLI_PROMPT": "false"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "corp.example, localhost"}, "corp.example,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "lost", "no_proxy": ".corp"}, ".corp,127.0.0.1,localhost,::1"),  # small letters win
        ({"no_proxy": "*"}, "*"),  # beside it, urllib would not know it any more
    ],
)
def test_this_machine_is_asked_without_a_proxy_and_so_is_who_was_before(given: dict[str, str], expected: str) -> None:
    import urllib.request

    import httpx

    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (*names, *(name.upper() for name in names)):
        os.environ.pop(name, None)
    os.environ |= given | {"HTTP_PROXY": "http://proxy:1", "all_proxy": "http://proxy:2"}
    ask_loopback_directly(os.environ)
    assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == (expected, expected)
    assert urllib.request.proxy_bypass("127.0.0.1:4200")
    for url in ("http://127.0.0.1:4200/api", "http://localhost:1", "http://[::1]:1/x"):
        with httpx.Client() as client:
            assert client._transport_for_url(httpx.URL(url)) is client._transport  # none of a proxy
    if expected != "*":
        with httpx.Client() as client:
            assert client._transport_for_url(httpx.URL("http://photos.example/a.zip")) is not client._transport


def test_certificates_that_are_not_there_are_said_before_prefects_import_fails(tmp_path: Path) -> None:
    os.environ["SSL_CERT_FILE"] = "/nowhere.pem"
    with pytest.raises(BadInput, match=r"SSL_CERT_FILE=/nowhere\.pem, found no such file: mend it, or unset it"):
        prepare_prefect(tmp_path / "store", verbose=False)


@pytest.mark.parametrize("full", ["store", "prefect", "temporary"])
def test_a_disk_that_takes_no_byte_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    folders = {"store": tmp_path / "s", "prefect": tmp_path / "s" / "prefect", "temporary": tmp_path / "temporary"}
    folders["temporary"].mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders["temporary"]))
    true = tempfile.TemporaryFile

    def refuse(dir: Path) -> object:  # noqa: A002 - the function's own name for it
        if Path(dir) == folders[full]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return true(dir=dir)

    monkeypatch.setattr("storage.disk.tempfile.TemporaryFile", refuse)
    names = {"store": "the store", "prefect": "Prefect's folder", "temporary": "the temporary folder"}
    with pytest.raises(StoreUnwritable) as failed:
        prepare_prefect(tmp_path / "s", verbose=False)
    assert str(failed.value).startswith(f"cannot write to {names[full]} {folders[full]}: the disk is full: ")
    assert "MiB are left on the file system at /" in str(failed.value)


def test_no_temporary_folder_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(StoreUnwritable, match="no temporary folder takes a file: free some space, or set TMPDIR"):
        prepare_prefect(tmp_path / "s", verbose=False)
