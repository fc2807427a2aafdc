"""flows.servers.named_server: the same server as Prefect itself would use, whatever names it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import BadInput
from flows.servers.named_server import NamedServer, named_server

# name -> (environment, files of the working folder); HOME is each case's own, and CASE its folder
PROFILES = 'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://profile/api"\n[profiles.bare]\n'
OTHER = 'active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://other/api"\n'
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "nothing": ({}, {}),
    "variable": ({"PREFECT_API_URL": "http://variable/api"}, {".env": "PREFECT_API_URL=http://dotenv/api"}),
    "variable in small letters": ({"prefect_api_url": "http://small/api"}, {}),
    "variable in JSON": ({"PREFECT_API": '{"url": "http://json/api"}', "PREFECT_API_URL": "http://variable/api"}, {}),
    "null in JSON": ({"PREFECT_API": '{"url": null}', "PREFECT_API_URL": "http://variable/api"}, {}),
    "JSON of something else": ({"PREFECT_API": '{"key": "x"}', "PREFECT_API_URL": "http://variable/api"}, {}),
    "empty variable": (
        {"PREFECT_API_URL": ""},
        {".env": "PREFECT_API_URL=http://dotenv/api", ".prefect/profiles.toml": PROFILES},
    ),
    "dotenv": (
        {},
        {
            ".env": "# a comment\nexport prefect_api_url='http://dotenv/api'\nODD LINE\n",
            "prefect.toml": '[api]\nurl = "http://toml/api"',
        },
    ),
    "dotenv with a variable in it": ({"HOST": "there"}, {".env": "PREFECT_API_URL=http://${HOST}/api"}),
    "dotenv without a value": ({}, {".env": "PREFECT_API_URL\n", "prefect.toml": '[api]\nurl = "http://toml/api"'}),
    "prefect.toml": (
        {},
        {
            "prefect.toml": '[api]\nurl = "http://toml/api"',
            "pyproject.toml": '[tool.prefect.api]\nurl = "http://py/api"',
        },
    ),
    "pyproject.toml": (
        {},
        {"pyproject.toml": '[tool.prefect.api]\nurl = "http://py/api"', ".prefect/profiles.toml": PROFILES},
    ),
    "another tool's pyproject.toml": ({}, {"pyproject.toml": "[tool.ruff]\nline-length = 9"}),
    "profile": ({}, {".prefect/profiles.toml": PROFILES}),
    "profile of Prefect's own": ({"PREFECT_PROFILE": "local"}, {}),
    "profile that not even Prefect has": ({"PREFECT_PROFILE": "gone"}, {}),
    "own profiles hide Prefect's": ({"PREFECT_PROFILE": "local"}, {".prefect/profiles.toml": PROFILES}),
    "profile without a server": ({"PREFECT_PROFILE": "bare"}, {".prefect/profiles.toml": PROFILES}),
    "profile that is not there": ({"PREFECT_PROFILE": "gone"}, {".prefect/profiles.toml": PROFILES}),
    "profile by variable": (
        {"PREFECT_PROFILE": "mine"},
        {".prefect/profiles.toml": PROFILES.replace('"mine"', '"bare"')},
    ),
    "no active profile": ({}, {".prefect/profiles.toml": PROFILES.partition("\n")[2]}),
    "small letters in a profile": (
        {},
        {".prefect/profiles.toml": PROFILES.replace("PREFECT_API_URL", "prefect_api_url")},
    ),
    "profiles elsewhere": (
        {"PREFECT_PROFILES_PATH": "CASE/p.toml", "PREFECT_HOME": "CASE/home"},
        {"p.toml": OTHER, "home/profiles.toml": PROFILES},
    ),
    "profiles elsewhere by dotenv": ({}, {".env": "PREFECT_PROFILES_PATH=p.toml", "p.toml": OTHER}),
    "profiles elsewhere by prefect.toml": ({}, {"prefect.toml": 'profiles_path = "p.toml"', "p.toml": OTHER}),
    "profiles elsewhere by pyproject.toml": (
        {},
        {"pyproject.toml": '[tool.prefect]\nprofiles_path = "p.toml"', "p.toml": OTHER},
    ),
    "another home": ({"PREFECT_HOME": "CASE/home"}, {"home/profiles.toml": OTHER, ".prefect/profiles.toml": PROFILES}),
    "another home with a tilde": ({"PREFECT_HOME": "~/home"}, {"home/profiles.toml": OTHER}),
    "test mode": ({"PREFECT_TEST_MODE": "1"}, {".prefect/profiles.toml": PROFILES}),
}
# Each case as Prefect sees it. Its default home is fixed at import, so it is set anew.
ASK = """
import json, os, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from prefect.settings import Settings, sources
answers, before = {}, dict(os.environ)
for name, (folder, environment) in json.load(sys.stdin).items():
    os.environ.clear()
    os.environ.update(before | environment)
    os.chdir(folder)
    sources.DEFAULT_PREFECT_HOME = Path(folder, ".prefect")
    answers[name] = Settings().api.url or None
print(json.dumps(answers))
"""


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("PREFECT_")}


def test_it_is_the_server_that_prefect_itself_would_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(_clean()):
        monkeypatch.delenv(name)
    ours, asked = {}, {}
    for name, (environment, files) in CASES.items():
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        values = {key: value.replace("CASE", str(folder)) for key, value in environment.items()} | {"HOME": str(folder)}
        asked[name] = (str(folder), values)
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            for key, value in values.items():
                patch.setenv(key, value)
            found = named_server()
            ours[name] = found.url if found else None
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(asked), capture_output=True, text=True, check=True, env=_clean() | {"HOME": str(tmp_path)},
    )  # fmt: skip
    theirs: dict[str, Any] = json.loads(done.stdout)
    assert ours == theirs
    assert {url for url in theirs.values() if url} == {
        f"http://{host}/api"
        for host in ("variable", "small", "json", "dotenv", "there", "toml", "py", "profile", "other", "127.0.0.1:4200")
    }


def test_who_chose_it_is_said_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(_clean()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "prefect.toml").write_text('[api]\nurl = "https://me:hidden@host:1/api?token=hidden"')
    found = named_server()
    assert str(found) == f"the server of prefect.toml in {tmp_path} at https://host:1/api"
    assert found
    said = str(found.unavailable(OSError(f"no way to {found.url}")))
    assert "hidden" not in said
    assert f"prefect.toml in {tmp_path}" in said
    assert "PREFECT_API_URL= (empty)" in said
    assert str(NamedServer("http://h/api", "the profile 'x'")) == "the server of the profile 'x' at http://h/api"


@pytest.mark.parametrize(
    ("file", "text"),
    [("prefect.toml", "["), ("pyproject.toml", "= 1"), (".prefect/profiles.toml", "active ="), (".env", "\udcff")],
)
def test_settings_that_cannot_be_read_are_refused_unless_a_server_is_ruled_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    for name in set(os.environ) - set(_clean()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInput, match="expected Prefect's settings in ") as refused:
        named_server()
    assert file in str(refused.value)
    monkeypatch.setenv("PREFECT_API_URL", "")
    assert named_server() is None


def test_profiles_at_a_path_that_cannot_be_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ) - set(_clean()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", "x" * 300)
    with pytest.raises(BadInput, match=r"expected Prefect's settings in .*File name too long"):
        named_server()
