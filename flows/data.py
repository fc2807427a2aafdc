"""From a source to divided images, train, validation and test: what retrainings, folds and sweeps share."""

from dataclasses import dataclass

from runs.own.remarks import refuse_other_classes
from runs.run import Run
from storage.artifacts import Ref
from tasks.data.acquire import acquire
from tasks.data.repair import repair
from tasks.data.screen import screen
from tasks.data.split import split
from tasks.data.unpack import unpack


@dataclass(frozen=True)
class Divided:
    """What the steps published, as far as later ones take it."""

    repaired: Ref
    screened: Ref
    dataset: Ref


def divided(run: Run, token: Ref) -> Divided:
    """Call the steps from ``acquire`` to ``split``.

    Args:
        run: whose recipe says which images, and how.
        token: what probe published.

    Raises:
        BadInput: the images have other classes than the recipe's champion.
    """
    archive = acquire(run, token=token)
    files = unpack(run, archive=archive)
    repaired = repair(run, files=files)
    refuse_other_classes(run.recipe, run.store, repaired)
    screened = screen(run, dataset=repaired)
    dataset = split(run, dataset=screened, repaired=repaired)
    return Divided(repaired, screened, dataset)
