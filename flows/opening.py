"""How a flow begins, on a worker too: its environment is checked before anything is done."""

from pathlib import Path

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from evergreen.variables import check
from runs.place import store_root
from runs.shared.opening import opened
from storage.store import Store


def open_store(given: str | None) -> Store:
    """Return the store in which a flow works, and its remote, once every variable of the environment was read.

    Args:
        given: the folder; EVERGREEN_STORE or .evergreen/ if empty.

    Raises:
        BadInput, BadReference: a variable holds what it may not.
    """
    warnings = check()
    if FlowRunContext.get():  # in a terminal the command has said them
        for warning in warnings:
            get_run_logger().warning(warning)
    return opened(store_root(Path(given) if given else None))
