"""evergreen.vision.formats.catalogue.installed: versions of libraries, programs and npm packages."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from evergreen.vision.formats.catalogue import installed
from evergreen.vision.formats.catalogue.installed import ABSENT, version_of


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    version_of.cache_clear()
    yield
    version_of.cache_clear()


def test_versions_are_those_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "b" / "onnxruntime-web"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": "9.8.7"}))
    monkeypatch.setattr(installed, "_NPM", (tmp_path / "a", tmp_path / "b"))
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho v99.1\n")
    program.chmod(0o755)
    monkeypatch.setitem(installed._PROGRAMS, "node", lambda: str(program))
    monkeypatch.setitem(installed._PROGRAMS, "chromium", lambda: None)
    assert version_of("numpy") == version("numpy")
    assert version_of("npm:onnxruntime-web") == "9.8.7"
    assert version_of("node") == "v99.1"
    for name in ("no-such-distribution", "npm:none", "chromium"):
        assert version_of(name) == ABSENT
