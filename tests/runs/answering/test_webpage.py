"""runs.answering.webpage: which run a page shows, and the folder that it is written to."""

import json
from pathlib import Path
from typing import Any

import pytest
from command import Command

from evergreen.errors import BadInput
from runs.answering.webpage import write_page
from storage.store import Store


def test_an_earlier_page_is_replaced_and_anything_else_is_not(
    evergreen: Command, first: dict[str, Any], web_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    assert write_page(Store(evergreen.root), first["id"], out) == out
    (out / "stale.txt").write_text("of an earlier page")
    write_page(Store(evergreen.root), first["id"], out)
    assert {path.name for path in out.iterdir()} == {path.name for path in web_folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    with pytest.raises(BadInput, match="choose --out"):
        write_page(Store(evergreen.root), first["id"], tmp_path)


def _run_of(store: Path, name: str, exports: list[dict[str, Any]]) -> None:
    """Write what a run of digits leaves, as far as it is read before there is a page to write."""
    folder = store / "runs" / name
    folder.mkdir(parents=True)
    summary = {"id": name, "recipe": "digits", "outcome": "completed", "exports": exports, "steps": []}
    (folder / "run.json").write_text(json.dumps(summary))


LITE = {"format": "tflite-float32", "verified": "passed"}
KERAS = {"format": "keras", "verified": "passed"}
FAILED = {"format": "tfjs", "verified": "failed", "reason": "other answers"}


@pytest.mark.parametrize(
    ("exports", "said"),
    [
        ([LITE], "run: evergreen retrain digits, which opens its TFLite exports in LiteRT.js"),
        ([KERAS], r"found keras; .* --set 'export.formats=\[keras, tflite-int8\]'"),
        ([LITE, FAILED], "tfjs export failed verification .*: other answers"),
        ([FAILED, {"format": "tfjs-float16", "verified": "passed"}], "ended before export"),  # so that one is taken
    ],
)
def test_a_run_without_an_export_to_show_says_what_to_do(
    tmp_path: Path, exports: list[dict[str, Any]], said: str
) -> None:
    _run_of(tmp_path, "20260101-000000-aaaaaa", exports)
    with pytest.raises(BadInput, match=said):
        write_page(Store(tmp_path), None, None)
    with pytest.raises(BadInput, match="expected the id of a run"):
        write_page(Store(tmp_path), "../x", None)
