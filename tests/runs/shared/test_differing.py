"""runs.shared.differing: which machines train other models, said only where it matters, with the fields that help."""

from pathlib import Path

import pytest

from evergreen.images.processors import processors
from evergreen.recipe import load_recipe
from evergreen.vision.networks import precision
from runs.run import Entry, State
from runs.shared.differing import no_devices, other_models
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
    every = _said(tmp_path, "train.devices=all")
    assert "on 1 device, as train.precision, train.threads and train.devices leave to each machine" in every
    assert every.endswith("--set train.devices=1")
    assert _said(tmp_path, state="reused") == ""
    monkeypatch.delenv("EVERGREEN_REMOTE")
    assert _said(tmp_path) == ""


def test_devices_that_are_not_here_are_said_before_a_training_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_has_gpu", lambda: False)
    many = load_recipe("digits", ["train.devices=2"])
    assert "expected 2 GPUs that TensorFlow can use; found none" in no_devices(many, [Entry("train", "would run", "")])
    assert no_devices(many, [Entry("train", "reused", "")]) == ""
    assert no_devices(load_recipe("digits"), [Entry("train", "would run", "")]) == ""
