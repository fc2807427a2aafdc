"""The version, the licence and the workflow say the same wherever they are said."""

import hashlib
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
ABOUT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
# Of https://www.apache.org/licenses/LICENSE-2.0.txt
APACHE_2_0 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_one_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", ABOUT["version"])
    assert CITATION["version"] == ABOUT["version"]
    assert version(ABOUT["name"]) == ABOUT["version"], "another version is installed: make setup"


def test_one_licence_in_its_own_words() -> None:
    assert CITATION["license"] == ABOUT["license"]["text"] == "Apache-2.0"
    assert hashlib.sha256((PROJECT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_0


def test_it_is_not_for_an_index_of_packages() -> None:
    assert "Private :: Do Not Upload" in ABOUT["classifiers"]


def test_the_workflow_tries_each_supported_python_as_make_ci_does_and_may_only_read() -> None:
    text = (PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    job = workflow["jobs"]["ci"]
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", ABOUT["requires-python"])
    assert bounds
    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(*map(int, bounds.groups()))]
    assert [step["run"] for step in job["steps"] if "run" in step] == ['.ci/run --python "python${{ matrix.python }}"']
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert job["timeout-minutes"] == 60
    assert "http" not in text
