"""Why a run failed, in the few words that its name has room for, and what is usually done about it."""

import re

from evergreen import errors
from evergreen.sources.archives.names import visible
from storage import errors as stored
from tasks.telling import shortened

_LONGEST = 80  # with the flow, the recipe and the step, a line of the list of runs
_NO_SOURCE = "source not found"
_SOURCE_IS = "Correct **Source**, or `source` in the recipe's file."
_RECIPE_IS = "Choose another **Recipe**, or correct the name where the run was ordered."
_AGAIN = "Run it again later: what was fetched is kept."
_LOOK = "The run's log shows where in the code. Run it once more; if it fails alike, it is a fault of Evergreen's."

# Of an error whose message does not begin with what matters most: the words, and what to do.
_KNOWN: dict[type[Exception], tuple[str, str]] = {
    errors.SourceUnreachable: ("the source does not answer", _AGAIN),
    errors.AccessRefused: (
        "the source refuses access",
        "Renew the key or the signed query in the worker's environment, or in the Secret block that it names; then "
        "run it again.",
    ),
    errors.SourceGone: (_NO_SOURCE, _SOURCE_IS),
    errors.SourceChanged: ("the source changed while it was fetched", "Run it again."),
    errors.ChecksumMismatch: (
        "the source has other bytes than promised",
        "If the data was replaced on purpose, correct the checksum in the recipe's `source`.",
    ),
    errors.BadArchive: ("the archive is refused", "Pack it again, or name another under **Source**."),
    errors.DecodersUnavailable: ("images cannot be opened on this machine", "Free memory, or repair its Pillow."),
    errors.WeightsUnavailable: (
        "the pretrained weights are not here",
        "Install them where the worker runs (`make setup`), or name others (`train.weights`).",
    ),
    errors.TrainingDiverged: (
        "the loss became NaN or infinite",
        "Try a lower learning rate: `train.phases.0.learning_rate` of the first phase.",
    ),
    errors.PreflightFailed: ("a check before the training failed", "Correct what it names; nothing was trained."),
    errors.ExportRefused: (
        "an export failed",
        "Leave that format out of `export.formats`, or repair what the message names.",
    ),
    errors.OtherStore: (
        "another store decides on this recipe",
        "Give the worker the store that decided last (`EVERGREEN_STORE`), or let this one take over, in a terminal: "
        "`evergreen adopt RECIPE`.",
    ),
    errors.ThreadsFixed: ("TensorFlow runs on other threads", "Restart the worker."),
    errors.DevicesMissing: (
        "fewer GPUs than train.devices says",
        "Run it on a machine that has them, or lower `train.devices`.",
    ),
    stored.StoreUnwritable: (
        "the store cannot be written",
        "Free some disk where the store lies, or correct who may write there; `maintain` with **Dry Run** off collects "
        "what nobody needs.",
    ),
    stored.ArtifactDamaged: ("something in the store is damaged", "Run it again: what is damaged is made anew."),
    stored.ArtifactMissing: ("something in the store is missing", "Run it again: what is missing is made anew."),
    MemoryError: ("out of memory", "Take smaller batches (`train.phases.0.batch` of the first phase), or free memory."),
}
_BY_NAME = {kind.__name__: known for kind, known in _KNOWN.items()}
_OF_THE_RECIPE = "Correct it in the recipe's file, or for one run in the form, and run it again."
_OF_THE_DATA = "Correct the folders, or say in the recipe how they are meant; then run it again."
_BY_KIND = {"BadRecipe": _OF_THE_RECIPE, "BadInput": _OF_THE_RECIPE, "BadDataset": _OF_THE_DATA}
_NOTHING_THERE = re.compile(r"source(\.\w+)*: expected .*found none at ", re.DOTALL)
_NO_RECIPE = re.compile(r"expected a recipe's name or path, received (?P<name>'[^']*')")
_OF_FILE = re.compile(r"\S+ is not a valid recipe:\n\s*(?P<first>.*)")


def reason_in(error: str) -> str:
    """Return why a run failed, in few words.

    Args:
        error: the error's type and message, as ``run.json`` has them: ``SourceGone: https://...``.
    """
    kind, text = _parts(error)
    if kind in _BY_NAME:
        return _BY_NAME[kind][0]
    if _NOTHING_THERE.match(text):
        return _NO_SOURCE
    if unknown := _NO_RECIPE.match(text):
        return shortened(visible(f"no recipe is called {unknown['name']}"), _LONGEST)
    invalid = _OF_FILE.match(text)
    said = f"recipe not valid: {invalid['first']}" if invalid else text.strip().partition("\n")[0]
    ours = kind in vars(errors) or kind in vars(stored)
    return shortened(visible(said if ours and said else f"{kind}: {said}"), _LONGEST)


def to_do(error: str) -> str:
    """Return what is usually done about an error, as a line of Markdown.

    Args:
        error: as for ``reason_in``.
    """
    kind, text = _parts(error)
    if _NOTHING_THERE.match(text):
        return _SOURCE_IS
    if _NO_RECIPE.match(text):
        return _RECIPE_IS
    return _BY_NAME[kind][1] if kind in _BY_NAME else _BY_KIND.get(kind, _LOOK)


def _parts(error: str) -> tuple[str, str]:
    kind, _, text = error.partition(": ")
    return kind, text
