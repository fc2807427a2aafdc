"""Two machines with a store each and one remote: the second trains nothing, and has the same bytes and champion."""

from pathlib import Path
from typing import Any

from command import Command

from storage.champions import Champions
from storage.store import Store

ASKED = {"probe", "challenge", "promote"}


def test_a_run_on_one_machine_is_no_training_on_the_other(
    evergreen: Command, first: dict[str, Any], shared_folder: str, tmp_path: Path
) -> None:
    shared = {"EVERGREEN_REMOTE": shared_folder}
    done = evergreen("push", variables=shared)
    assert done.returncode == 0, done.stderr
    assert not list(Path(shared_folder).glob("cache*"))

    other = Command(tmp_path / "other" / "store")
    other.root.parent.mkdir()
    there = other.retrain(variables=shared)
    assert {step["name"] for step in there["steps"] if step["state"] == "ran"} <= ASKED
    outputs = {step["name"]: step["output"] for step in first["steps"]}
    assert {step["name"]: step["output"] for step in there["steps"]} == outputs
    assert set(there["remote"]["brought"]) == set(outputs) - ASKED
    assert there["remote"]["problem"] == ""
    assert there["comparison"]["standing"] == "champion"
    mine, its = Store(evergreen.root), Store(other.root)
    assert Champions(its.root).history("digits") == Champions(mine.root).history("digits")
    exports = mine.manifest(outputs["export"]).ref()
    for name in mine.manifest(exports.sha256).files:
        assert (Path(there["exports"][0]["path"]).parent / name).read_bytes() == mine.read(exports, name)
    lacking = its.damaged(mine.manifest(outputs["unpack"]).ref())
    assert any(name.startswith("files/") for name in lacking), "nobody needed the images: they did not travel"
