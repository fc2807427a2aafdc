"""balance: class weights from training counts."""

from evergreen.datasets.balance import balance as weigh
from storage.artifacts import Ref
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, read_table, to_json


@step("balance")
def balance(run: Run, dataset: Ref) -> Ref:
    """Weigh the classes by their training counts."""
    weights = weigh(read_table(run.store, dataset), classes_of(run.store, dataset), run.recipe.balance)
    return run.store.publish("class-weights", {"class-weights.json": to_json(weights)})
