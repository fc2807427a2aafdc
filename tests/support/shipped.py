"""The recipes that come with Evergreen: those of a clone's user are none of the tests' business."""

from evergreen.choosing.writing import MARK
from evergreen.recipe_files import RECIPES

SHIPPED = [path for path in sorted(RECIPES.glob("*.yaml")) if MARK not in path.read_text(encoding="utf-8")]
