"""How pictures are read for a model: by what the recipe said that it was trained with."""

from evergreen.sections.data import Screen
from runs.tables import range_in
from storage.steps.records import Records
from storage.store import Store


def screen_of(store: Store, model: str, dataset: str | None) -> Screen:
    """Return the limits that a model's own images were screened with, and the values that are black and white for it.

    What its recipe left unsaid, or nobody knows any more, has its present default.

    Args:
        store: where the model is.
        model: what train gave.
        dataset: what split gave, if it is known.

    Raises:
        ArtifactMissing, ArtifactDamaged: the model's manifest cannot be read.
    """
    said = _said(Records(store), dataset) if dataset else {}
    values = range_in(store.manifest(model).facts)
    return Screen.model_validate({**said, "range": values})


def _said(records: Records, dataset: str) -> dict[str, object]:
    """Return what the newest recipe that gave a dataset says in its section ``screen``, of today's fields."""
    screened = {record.inputs.get("screen") for record in records.all("split") if record.output.sha256 == dataset}
    for record in records.all("screen"):
        if record.output.sha256 in screened and (parts := records.parts(record)):
            said = parts.recipe.get("screen", {})
            return {name: value for name, value in said.items() if name in Screen.model_fields}
    return {}
