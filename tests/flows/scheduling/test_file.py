"""flows.scheduling.file: a deployment's lines are written as a person would write them, and every other byte stays."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from evergreen.errors import BadInput
from evergreen.recipe_files import RECIPES
from flows.scheduling import file
from flows.scheduling.file import file_of, read, schedules_of, with_schedule, write
from flows.scheduling.lines import CLONE, Deployment, Schedule

TEXT = (CLONE / "prefect.yaml").read_text(encoding="utf-8")
PHOTOS = Deployment("photos", "My photos: {{ all }} of them", {"recipe": "photos"})
NIGHTLY = Schedule("0 2 * * *", "Etc/UTC")
WEEKLY = Schedule("0 2 * * 6", "Europe/Berlin")


def _changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that went, and those that came."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return tuple([line[2:] for line in lines if line.startswith(sign)] for sign in ("- ", "+ "))  # type: ignore[return-value]


def _deployment(text: str, name: str) -> Any:
    return next(one for one in yaml.safe_load(text)["deployments"] if one["name"] == name)


def test_a_new_deployment_is_like_the_others_and_only_lines_are_added() -> None:
    edited = with_schedule(TEXT, PHOTOS, NIGHTLY)
    gone, come = _changes(TEXT, edited.text)
    assert (edited.before, gone) == (None, [])
    assert "".join(come).strip("\n") == (
        "  - <<: *retrain\n"
        "    name: retrain-photos\n"
        "    description: >-\n"
        "      My photos: { { all }} of them.\n"
        "      [Report](/artifacts/key/photos-report) · [decision](/artifacts/key/photos-decision) · "
        "[steps](/artifacts/key/photos-steps) · [exports](/artifacts/key/photos-exports)\n"
        "    tags: [evergreen, photos]\n"
        "    parameters: {recipe: photos}\n"
        '    schedules: [{cron: "0 2 * * *", timezone: Etc/UTC}]'
    )
    made, digits = _deployment(edited.text, "retrain-photos"), _deployment(edited.text, "retrain-digits")
    same = ("entrypoint", "work_pool", "concurrency_limit")
    assert {name: made[name] for name in same} == {name: digits[name] for name in same}
    assert (
        edited.text.index("retrain-chessman-lite")
        < edited.text.index("retrain-photos")
        < edited.text.index("- name: inspect")
    )


def test_again_only_the_line_changes() -> None:
    once = with_schedule(TEXT, PHOTOS, NIGHTLY).text
    twice = with_schedule(once, PHOTOS, WEEKLY)
    assert twice.before == [{"cron": "0 2 * * *", "timezone": "Etc/UTC"}]
    assert _changes(once, twice.text) == (
        ['    schedules: [{cron: "0 2 * * *", timezone: Etc/UTC}]\n'],
        ['    schedules: [{cron: "0 2 * * 6", timezone: Europe/Berlin}]\n'],
    )
    assert with_schedule(twice.text, PHOTOS, WEEKLY).text == twice.text


@pytest.mark.parametrize("name", ["digits", "cifar10", "chessman-lite"])
def test_an_alias_is_replaced_where_it_stands(name: str) -> None:
    edited = with_schedule(TEXT, Deployment(name, "", {"recipe": name}), WEEKLY)
    gone, come = _changes(TEXT, edited.text)
    assert ([line.split(":")[0].strip() for line in gone], len(come)) == (["schedules"], 1)
    assert _deployment(edited.text, f"retrain-{name}")["schedules"] == [WEEKLY.as_json()]
    assert schedules_of(edited.text, f"retrain-{name}") == [WEEKLY.as_json()]


BLOCK = """\
# mine
deployments:
- name: other   # a comment
  entrypoint: a.py:b
  work_pool: {name: p}
  # of photos, below
- name: retrain-photos
  entrypoint: flows.retrain.retrain
  schedules:
    - cron: "5 5 * * *"
      timezone: Etc/UTC
    - {cron: "6 6 * * *"}
  # stays
  work_pool: {name: p}  # stays, too
# the end
more: 1
"""


def test_every_way_to_write_a_schedule_is_understood_and_comments_around_it_stay() -> None:
    edited = with_schedule(BLOCK, PHOTOS, NIGHTLY)
    assert edited.before == [{"cron": "5 5 * * *", "timezone": "Etc/UTC"}, {"cron": "6 6 * * *"}]
    lines = BLOCK.splitlines(keepends=True)
    assert edited.text == "".join([*lines[:8], f"  schedules: {NIGHTLY}\n", *lines[12:]])
    none = "".join([*lines[:8], *lines[12:]])
    assert with_schedule(none, PHOTOS, NIGHTLY).text == none.replace(
        "stays, too\n", f"stays, too\n  schedules: {NIGHTLY}\n"
    )
    aliased = f"when: &when\n- {{cron: 1 1 * * *}}\n{none}".replace(
        "retrain-photos\n", "retrain-photos\n  schedules: *when  # mine\n"
    )
    assert with_schedule(aliased, PHOTOS, NIGHTLY).text == aliased.replace("*when  # mine", f"{NIGHTLY}  # mine")
    windows = BLOCK.replace("\n", "\r\n")
    assert with_schedule(windows, PHOTOS, NIGHTLY).text == edited.text.replace("\n", "\r\n")
    added = with_schedule(windows, Deployment("x", "", {"recipe": "x"}), NIGHTLY).text
    assert added.count("\n") == added.count("\r\n") > windows.count("\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BLOCK.replace('    - {cron: "6 6', '    # why\n    - {cron: "6 6'), "have comments among them: write by hand"),
        ("deployments: [{name: a}]\n", "on lines of its own"),
        ("- a\n", "expected a mapping"),
        ("a: [\n", "cannot be read as YAML"),
        ("deployments: []\n", "or none at all"),
    ],
    ids=["comments inside", "in one line", "a list", "no YAML", "an empty list"],
)
def test_what_cannot_be_edited_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        with_schedule(text, PHOTOS, NIGHTLY)


def test_nothing_is_written_that_would_not_read_as_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "_replaced", lambda text, *_: text.replace("Etc/UTC", "Etc/GMT"))
    with pytest.raises(BadInput, match=r"left as it is, .*: write by hand, into retrain-digits: schedules: "):
        with_schedule(TEXT, Deployment("digits", "", {}), NIGHTLY)


def test_outside_the_clone_a_file_begins_with_what_all_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of(RECIPES / "digits.yaml") == CLONE / "prefect.yaml"
    path = file_of(tmp_path / "recipes" / "photos.yaml")
    assert path == tmp_path / "prefect.yaml"
    theirs = Deployment("photos", "Mine", {"recipe": "recipes/my photos.yaml", "store": "/a: b/.evergreen"})
    write(path, with_schedule(read(path), theirs, NIGHTLY).text)
    made, digits = _deployment(path.read_text(encoding="utf-8"), "retrain-photos"), _deployment(TEXT, "retrain-digits")
    assert made["entrypoint"] == "flows.retrain.retrain"
    assert (made["work_pool"], made["parameters"]) == (digits["work_pool"], theirs.parameters)
    assert [one["name"] for one in yaml.safe_load(path.read_text())["deployments"]] == ["retrain-photos"]
    path.chmod(0o640)
    write(path, with_schedule(read(path), theirs, WEEKLY).text)
    assert (path.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o640, [path])
    # A file of somebody's own, without what ours shares: the deployment says all of it.
    own = with_schedule("name: mine\n", theirs, NIGHTLY).text
    assert own.startswith("name: mine\n\ndeployments:\n  - entrypoint: ")
    assert _deployment(own, "retrain-photos")["work_pool"] == digits["work_pool"]
