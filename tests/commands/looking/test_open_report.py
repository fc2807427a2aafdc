"""evergreen open: the newest page goes to the browser; its path is said, also where there is none."""

from pathlib import Path

import pytest
from judged_runs import write
from typer.testing import CliRunner, Result

from commands.main import app
from storage.runs import run_folder
from storage.store import Store


def _open(store: Store, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["open", *arguments, "--store", str(store.root)])


def test_the_newest_report_is_shown_by_the_users_browser(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, program = tmp_path / "heard", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > "{heard}"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("webbrowser._tryorder", None)  # it looks for browsers once
    monkeypatch.setattr("webbrowser._browsers", {})
    monkeypatch.setenv("BROWSER", f"{program} %s")
    assert "found none\n    try: evergreen retrain digits" in _open(store).stderr
    for run, page in (("1-a", "report.html"), ("2-b", "inspection.html"), ("3-c", None)):
        write(store, run)
        if page:
            (run_folder(store, run) / page).touch()
    inspected, report = run_folder(store, "2-b") / "inspection.html", run_folder(store, "1-a") / "report.html"
    done = _open(store)
    assert (done.stdout, done.stderr, done.exit_code) == (f"{inspected}\n", "", 0)
    assert heard.read_text(encoding="utf-8") == inspected.as_uri()
    assert _open(store, "1-a").stdout == f"{report}\n"
    assert (_open(store, "3-c").exit_code, _open(store, "4-d").exit_code) == (2, 2)
    monkeypatch.setenv("BROWSER", "")
    monkeypatch.setattr("webbrowser._tryorder", [])
    alone = _open(store, "1-a")
    assert (alone.stdout, alone.exit_code) == (f"{report}\n", 0)
    assert "No browser was found here" in alone.stderr
