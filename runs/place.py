"""Where the store is."""

from pathlib import Path

from evergreen.errors import BadInput
from evergreen.paths import can_be_named
from evergreen.variables import STORE, value_of


def store_root(given: Path | None) -> Path:
    """Return the store's root, absolute: ``given``, else EVERGREEN_STORE, else ``.evergreen`` in the working folder.

    Raises:
        BadInput: no folder can be called so.
    """
    try:
        root = Path(STORE.read(str(given)) if given else value_of(STORE) or ".evergreen").absolute()
    except ValueError:
        raise BadInput(f"the store: expected {STORE.expected}, received {str(given)!r}; name another") from None
    if not can_be_named(root):
        raise BadInput(f"the store: expected {STORE.expected}, received a name that is too long: {root}")
    return root
