"""A store whose model answers red, green and blue, photos, and a log of its answers."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from data_steps import Data
from kept_answers import asked, release
from served import CLASSES, Served

from evergreen.decisions.decision import Decision
from evergreen.recipe import Recipe, load_recipe
from runs.serving.feedback.asking import Kept
from runs.serving.feedback.confirmed import Confirmed
from runs.serving.feedback.keeper import Keeper
from runs.serving.feedback.log import Log
from runs.serving.feedback.truths import give
from storage.runs import run_folder, write_summary
from storage.store import Store

RECIPE = """
name: colours
source: [{{local: {{path: "{photos}"}}}}, {{local: {{path: "{since}"}}}}]
split: {{method: exact, validation: 0.2, test: 0.2}}
image: {{height: 8, width: 8}}
screen: {{near_duplicate_bits: 0}}
train: {{backbone: cnn}}
"""
COLOURS = {"red": (190, 20, 20), "green": (20, 190, 20), "blue": (20, 20, 190)}


class Loop:
    """A service that keeps answers, photos that it did not see, and a recipe that names what is confirmed."""

    def __init__(self, served: Served, folder: Path, png: Callable[..., bytes]) -> None:
        self.store: Store = served.store
        self.photos, self.file, self.png = folder / "photos", folder / "colours.yaml", png
        for label, colour in COLOURS.items():
            for seed in range(10):
                self.put(f"{label}/{seed}.png", png(seed, (9, 7), colour))
        self.log = Log(self.store.root / "feedback", "colours")
        self.confirmed = Confirmed(self.log)
        served.promote(served.release("one", data=b"no network is asked"))
        self.release = release(CLASSES, 0.6, "colours")
        self.name(self.confirmed.folder)

    def name(self, since: Path) -> Recipe:
        """Have the recipe name a folder as the second of its sources."""
        since.mkdir(parents=True, exist_ok=True)
        self.file.write_text(RECIPE.format(photos=self.photos, since=since))
        return self.recipe

    @property
    def recipe(self) -> Recipe:
        return load_recipe(self.file)

    def put(self, name: str, data: bytes) -> None:
        (self.photos / name).parent.mkdir(parents=True, exist_ok=True)
        (self.photos / name).write_bytes(data)

    def answered(self, *seeds: int, sure: float = 0.9, at: int = 2, pictures: bool = True) -> list[str]:
        """Have pictures of red answered, as red as a rule; return their digests."""
        images = [self.png(seed, (9, 7), COLOURS["red"]) for seed in seeds]
        keeper = Keeper(self.log.root, share=1.0, pictures=pictures)
        keeper.hear(asked(*images, sure=sure, of=self.release, at=at))
        keeper.close()
        return [hashlib.sha256(data).hexdigest() for data in images]

    def say(self, digest: str, label: str, by: str = "", *, new_class: bool = False) -> None:
        keeper = Keeper(self.log.root)
        give(keeper, "colours", digest, label, CLASSES, by, new_class=new_class)
        keeper.close()

    @property
    def kept(self) -> Kept:
        return Kept.of(self.log, self.recipe)

    def confirm(self, digest: str, label: str, was: str = "") -> None:
        self.confirmed.set(digest, Decision("relabel", label, was, "", "Anna", "2026-12-01T04:00:00Z"))

    def run(self, recipe: Recipe | None = None, run_id: str = "20261201-040000-abcdef") -> Data:
        """Run the data steps, as a training would, and leave a run.json."""
        recipe = recipe or self.recipe
        data = Data(self.store, recipe, "split")
        steps = [{"name": name, "state": "ran", "output": ref.sha256} for name, ref in data.outputs.items()]
        run_folder(self.store, run_id).mkdir(parents=True, exist_ok=True)
        write_summary(self.store, {"id": run_id, "recipe": "colours", "outcome": "trained", "steps": steps})
        return data
