"""What a model artifact holds: the one name of its file, and what its facts say of its backbone. Knows no Prefect."""

from typing import TYPE_CHECKING, Any

from storage.artifacts import Ref
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.sections.training import Train
    from evergreen.vision.training.features import Backbone

MODEL = "model.keras"
_FROZEN = "frozen"


def backbone_if_frozen(train: "Train") -> dict[str, Any]:
    """Return what the facts of a model say of a backbone that no phase trained; nothing of any other."""
    from evergreen.vision.training.features import Backbone, stayed_frozen  # late: NumPy

    return {_FROZEN: Backbone.of(train).__dict__} if stayed_frozen(train) else {}


def frozen_backbone(store: Store, model: Ref) -> "Backbone | None":
    """Return the backbone of a model, if no phase trained it; None also of a model that does not say."""
    from evergreen.vision.training.features import Backbone

    found = store.manifest(model.sha256).facts.get(_FROZEN)
    return Backbone(**found) if found else None
