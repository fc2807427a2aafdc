"""A machine that has only Python: neither Node.js nor Chromium on PATH."""

import shutil
from pathlib import Path

import pytest
from command import Command

# Prefect's server asks for no program; a shell and the dynamic linker's cache are looked up by libraries.
PROGRAMS = ("sh", "env", "uname", "ldconfig")


def test_a_run_says_what_it_could_not_prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    assert not any(shutil.which(name) for name in ("node", "npm", "chromium", "uv"))
    evergreen = Command(tmp_path / "store")
    settings = [
        "train.phases=[{epochs: 1}]", "evaluate.shortcut_images=0", "export.formats=[tfjs]",
        "gate={min_accuracy: 0, require_verified: [tfjs]}",
    ]  # fmt: skip
    done = evergreen("retrain", "digits", *(part for value in settings for part in ("--set", value)))
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "tfjs not verified Node, wasm: node is not installed; install Node.js 18 or newer" in said
    assert "Chromium, wasm: Chromium is not installed; apt-get install chromium" in said
    assert "not promoted (rejected) export tfjs: not verified; gate.require_verified names it" in said
