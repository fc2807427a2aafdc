"""A small world in which plans and keys can be asked thousands of times: real steps up to balance, then stand-ins.

What names releases and champions is real too; each verdict is the world's own. The stand-ins publish an artifact that
depends on exactly the digests, values, code and libraries of their key, so a change that reaches a key shows in
everything below it, as a real training's would.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evergreen.fold_steps import steps_of
from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import STEPS
from runs import keys
from runs.plan import plan
from runs.run import Run
from storage.artifacts import Ref
from storage.steps.records import SERIALIZER, Record
from storage.store import Store
from tasks.data import acquire, balance, deal, probe, repair, screen, split, unpack
from tasks.release import bundle, challenge, promote

REAL = {step: getattr(module, step).fn for step, module in {
    "probe": probe, "acquire": acquire, "unpack": unpack, "repair": repair, "screen": screen, "split": split,
    "balance": balance, "deal": deal, "bundle": bundle, "challenge": challenge, "promote": promote,
}.items()}  # fmt: skip
# Every file that a step reads of a stand-in's artifact.
STAND_IN_FILES = (
    "model.keras",
    "metrics.json",
    "shortcuts.json",
    "predictions.csv",
    "verdict.json",
    "verification.json",
)


class World:
    """A folder of photos, a store, and a copy of the project whose code a test may change."""

    def __init__(self, root: Path, project: Path) -> None:
        self.photos = root / "photos"
        self.store = Store(root / "store")
        self.project = project
        self.verdict = "rejected"
        self.recipe = load_recipe(
            "digits",
            ["repair.classes=[dark, bright]", "split={method: exact, validation: 0.2, test: 0.2}"],
            str(self.photos),
        )

    def run(self, recipe: Recipe | None = None) -> set[str]:
        """Do what a retraining does, without Prefect and TensorFlow, and return the steps that ran."""
        run = Run(self.store, recipe or self.recipe, "run")
        outputs: dict[str, Ref] = {}
        ran = set()
        for step in steps_of(run.recipe.evaluate.folds):
            inputs = {name: outputs[above] for name, above in step.inputs.items()}
            parts = keys.key_parts(step, run.recipe, self.store, inputs)
            earlier = run.records.read(parts.key)
            if earlier and step.cached:
                outputs[step.name] = earlier.output
                continue
            scoped = replace(run, recipe=keys.only(run.recipe, step.recipe))
            if step.name in REAL:
                output = REAL[step.name](scoped, **inputs)
            else:
                files = dict.fromkeys(STAND_IN_FILES, parts.canonical())
                facts = {"classes": [], "verdict": self.verdict, "summary": "as the world says"}
                output = self.store.publish(step.name.partition(" ")[0], files, facts)
            if not earlier or earlier.output != output:
                ran.add(step.name)
            self._write(
                Record(step.name, parts.key, output, {}, run.recipe.name, run.id, 0.0, "2026-01-01T00:00:00"), parts
            )
            outputs[step.name] = output
        return ran

    def _write(self, record: Record, parts: keys.KeyParts) -> None:
        self.store.put_blob(parts.canonical())
        path = self.store.root / "records" / record.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()})
        )

    def would_run(self, recipe: Recipe | None = None) -> set[str]:
        """Return the steps that a plan says would run, or that wait for one."""
        return {entry.name for entry in plan(recipe or self.recipe, self.store) if entry.state != "reused"}

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Change a file of the project's copy."""
        path = self.project / file
        before = path.read_text()
        after = change(before)
        assert after != before, f"the change does not apply to {file}"
        path.write_text(after)


def make_world(root: Path, patch: pytest.MonkeyPatch, png: Callable[..., bytes]) -> World:
    """Return a world whose baseline has run; nothing is left to do in it."""
    project = root / "project"
    shutil.copytree(keys.PROJECT / "evergreen", project / "evergreen", ignore=shutil.ignore_patterns("__pycache__"))
    if (keys.PROJECT / "node_modules").is_dir():
        (project / "node_modules").symlink_to(keys.PROJECT / "node_modules")
    patch.setattr(keys, "PROJECT", project)
    for seed in range(12):
        for label, grey in (("dark", 0), ("bright", 190)):
            path = root / "photos" / label / f"{label} {seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(seed, (6, 6), (grey, grey, grey)))
    world = World(root, project)
    assert world.run() == {step.name for step in STEPS}
    assert world.run() == set()
    assert world.would_run() == set()
    return world


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes]) -> tuple[World, Path]:
    """Return a world, and the folder that holds it (now), and a copy of it (before)."""
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        made = make_world(root / "now", patch, png)
    shutil.copytree(root / "now", root / "before", symlinks=True)
    return made, root


@pytest.fixture
def world(pristine: tuple[World, Path], monkeypatch: pytest.MonkeyPatch) -> World:
    """A world to change at will: each test finds it as it was made."""
    made, root = pristine
    shutil.rmtree(root / "now", ignore_errors=True)  # a test may have moved it
    shutil.copytree(root / "before", root / "now", symlinks=True)
    monkeypatch.setattr(keys, "PROJECT", made.project)
    return World(root / "now", made.project)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes]) -> Iterator[World]:
    """One world for changes that leave the disk as it is."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("shared")
        yield make_world(root, patch, png)
