"""Links, paths of the repository and make targets that the pages for people name are there."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from evergreen.steps import STEPS

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted((PROJECT / "docs/decisions").glob("*.md")),
]
ARCHITECTURE = PROJECT / "docs/architecture.md"
TOP = ("recipes", "evergreen", "storage", "tasks", "flows", "tests", "docs", "benchmarks", "deploy", ".ci", ".github")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MADE = {"recipes/NAME.yaml", "recipes/chess.yaml", "recipes/sweeps/NAME.yaml"}  # by evergreen new, or whoever reads
_FENCED = re.compile(r"^```.*?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, TOP))})/[\w./*-]*|\b[A-Z]+\.(?:md|cff)\b")
_MAKE = re.compile(r"\bmake ([a-z0-9-]+)")


def wrong(page: Path, text: str) -> list[str]:
    """Return what a page names and is not there: targets of links, paths in code, targets of make in code."""
    return [f"{page.name}: {name}" for name in (*_broken_links(page, text), *_missing_in_code(text))]


def _broken_links(page: Path, text: str) -> Iterator[str]:
    for target in _LINK.findall(_FENCED.sub("", text)):
        path, _, heading = target.partition("#")
        if "://" in target:
            continue
        other = page.parent / path if path else page
        if not other.exists() or (heading and heading not in _headings(other)):
            yield target


def _headings(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def _missing_in_code(text: str) -> Iterator[str]:
    for code in (*_FENCED.findall(text), *re.findall(r"`([^`\n]+)`", _FENCED.sub("", text))):
        for path in _PATH.findall(code):
            if path not in MADE and not any(PROJECT.glob(path.rstrip("/."))):
                yield path
        yield from (f"make {target}" for target in _MAKE.findall(code) if target not in TARGETS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    assert wrong(page, page.read_text(encoding="utf-8")) == []


def test_what_is_not_there_is_seen() -> None:
    text = (
        "[a](docs/recipe.md) [b](docs/none.md) [c](#no-such-part) [d](https://example.org)\n"
        "`evergreen/steps.py` `evergreen/stepp.py:12` `make test` `make tests` `commands/web*.py` `x.evergreen/none`\n"
        "make sense of tests/none.py outside of code\n"
        "```sh\nmake all ARGS=1\n.venv/bin/python tests/none.py\n```\n"
    )
    assert wrong(PROJECT / "README.md", text) == [
        f"README.md: {name}"
        for name in (
            "docs/none.md",
            "#no-such-part",
            "tests/none.py",
            "make all",
            "evergreen/stepp.py",
            "make tests",
        )
    ]


def test_the_architecture_shows_every_folder_of_the_program() -> None:
    folders = {
        init.parent.relative_to(PROJECT).as_posix() for top in TOP for init in (PROJECT / top).rglob("__init__.py")
    }
    tree = _FENCED.findall(ARCHITECTURE.read_text(encoding="utf-8"))[0]
    assert {folder for folder in folders if not re.search(rf"^{folder}/ ", tree, re.MULTILINE)} == set()
    assert len(folders) > 10


def test_the_picture_of_datas_way_has_every_step_and_only_edges_of_the_table() -> None:
    picture = _FENCED.findall(ARCHITECTURE.read_text(encoding="utf-8"))[3]
    edges, names = set(), {step.name for step in STEPS}
    for line in picture.splitlines()[1:]:
        groups = [re.findall(r"[a-z]+", re.sub(r"\(\[.*?\]\)", "", part)) for part in line.split("-->")]
        edges |= {(above, below) for left, right in pairwise(groups) for above in left for below in right}
    between_steps = {edge for edge in edges if names.issuperset(edge)}
    assert between_steps <= {(above, step.name) for step in STEPS for above in step.inputs.values()}
    assert {name for edge in between_steps for name in edge} == names
