"""evergreen.steps: the table is in order and true."""

import importlib
from importlib.metadata import version
from pathlib import Path

import pytest

from evergreen.fold_steps import FOLD_STEPS
from evergreen.recipe import DECISIONS, TEACHING, Recipe
from evergreen.step import Step
from evergreen.steps import STEPS

PROJECT = Path(__file__).resolve().parents[2]


def test_every_step_comes_after_its_inputs() -> None:
    for index, step in enumerate(STEPS):
        assert set(step.inputs.values()) <= {earlier.name for earlier in STEPS[:index]}


@pytest.mark.parametrize("step", (*STEPS, *FOLD_STEPS), ids=lambda step: step.name)
def test_a_row_names_things_that_exist(step: Step) -> None:
    for core in filter(None, (step.core, *step.processes)):
        module, _, function = core.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
    for section, _, field in (name.partition(".") for name in step.recipe):
        if section in (TEACHING, DECISIONS):
            assert not field
            continue
        inside = Recipe.model_fields[section].annotation
        assert not field or field in getattr(inside, "model_fields", {})
    for name in step.libraries:
        assert name in ("node", "chromium", "mediapipe") or name.startswith("npm:") or version(name)
    assert all((PROJECT / name).is_file() for name in step.files)
