"""runs.shared.differing: which machines train other models, said only where it matters, with the fields that help."""

from pathlib import Path

import pytest

from evergreen.images.processors import processors
from evergreen.recipe import load_recipe
from evergreen.vision.networks import precision
from runs.run import Entry, State
from runs.shared.differing import other_models
from runs.shared.opening import opened


def _said(root: Path, *overrides: str, state: State = "would run") -> str:
    return other_models(opened(root), load_recipe("digits", overrides), [Entry("train", state, "as it is")])


def test_the_two_fields_that_make_machines_agree_are_named(
    shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    monkeypatch.setattr(precision, "_has_gpu", lambda: False)
    monkeypatch.setattr(precision, "_cpu_flags", lambda: {"avx512_bf16"})
    said = _said(tmp_path, "train.threads=auto", "train.precision=auto")
    assert f"train in {precision.precision_of(load_recipe('digits').train)} on {processors()} thread" in said
    assert said.endswith(f"--set train.precision=float32 --set train.threads={processors()}")
    assert _said(tmp_path, "train.precision=float32").endswith(f"every machine: --set train.threads={processors()}")
    assert _said(tmp_path, "train.threads=3").endswith("every machine: --set train.precision=float32")
    assert _said(tmp_path, "train.precision=float32", "train.threads=3") == ""
    assert _said(tmp_path, state="reused") == ""
    monkeypatch.delenv("EVERGREEN_REMOTE")
    assert _said(tmp_path) == ""
