"""balance: class weights, or repeats of small classes, from training counts."""

from evergreen.datasets.balance import balance as weigh
from evergreen.datasets.balance import repeats
from runs.run import Run
from runs.tables import classes_of, read_table, to_json
from storage.artifacts import Ref
from tasks.step import step


@step("balance")
def balance(run: Run, dataset: Ref) -> Ref:
    """Weigh the classes by their training counts, or say how often each is repeated."""
    table, classes = read_table(run.store, dataset), classes_of(run.store, dataset)
    weights = weigh(table, classes, run.recipe.balance)
    often = repeats(table, classes, run.recipe.balance)
    files = {"class-weights.json": to_json(weights), "repeats.json": to_json(often)}
    return run.store.publish("class-weights", files)
