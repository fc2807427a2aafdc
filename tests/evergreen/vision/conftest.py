"""The tiny training that tests of evergreen.vision share: judged, exported in every format and verified, once each."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.recipe import Recipe
from evergreen.sections.release import Format
from evergreen.vision.evaluate import Evaluation, evaluate
from evergreen.vision.export import export
from evergreen.vision.formats.card import About
from evergreen.vision.formats.catalogue.known import KNOWN
from evergreen.vision.formats.quantizing.attempts import Repair
from evergreen.vision.formats.verification import Verification
from evergreen.vision.verify import Verified, verify

METRICS = {"test": {"accuracy": 0.5, "loss": 1.25, "count": 18}}
SHORTCUTS = {
    "sample": 18,
    "changes": [{"name": "grey", "accuracy": 0.3, "lost": 0.2, "leans_on": "colour"}],
}


class Exports:
    """The exports of the tiny training, and how they are made and verified."""

    # Those that can be written here: some need an extra.
    formats: tuple[str, ...] = tuple(name for name in get_args(Format) if not KNOWN[name].absent(KNOWN[name].writers))

    def __init__(self, trained: Trained) -> None:
        self.trained = trained
        self.folder = trained.folder / "exports"
        self.write(self.folder, self.formats)

    def must_have(self, name: str) -> None:
        """Skip the test where a format cannot be written."""
        if name not in self.formats:
            pytest.skip(KNOWN[name].install)

    def write(
        self, folder: Path, formats: tuple[str, ...], recipe: Recipe = RECIPE, model: Path | None = None
    ) -> Repair | None:
        recipe = recipe.model_copy(update={"export": recipe.export.model_copy(update={"formats": formats})})
        digests = {"model.keras": "0" * 64}
        about = About(
            CLASSES, recipe.image, METRICS, SHORTCUTS, "test", digests, recipe.seed, recipe.export.representative_images
        )
        arguments = (self.trained.table, self.trained.images, about, recipe, model or self.trained.model)
        return export(*arguments, folder, folder.with_name(f"{folder.name}-scratch"))

    def verified(self, folder: Path, *formats: str) -> Verified:
        arguments = (self.trained.table, self.trained.images, CLASSES, RECIPE, self.trained.model)
        return verify(*arguments, folder, list(formats))

    def verify(self, folder: Path, *formats: str) -> dict[str, Verification]:
        return {result.format: result for result in self.verified(folder, *formats).results}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes]) -> Trained:
    return Trained(tmp_path_factory.mktemp("trained"), png)


@pytest.fixture(scope="session")
def evaluation(trained: Trained) -> Evaluation:
    return evaluate(trained.table, trained.images, CLASSES, RECIPE, trained.model)


@pytest.fixture(scope="session")
def exports(trained: Trained) -> Exports:
    return Exports(trained)


@pytest.fixture(scope="session")
def verified(exports: Exports) -> dict[str, Verification]:
    return exports.verify(exports.folder, *exports.formats)
