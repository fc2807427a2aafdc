"""Prefect's Secret blocks, opened inside a task and shown nowhere."""

from evergreen.errors import BadInput


def open_secret(name: str) -> str:
    """Return the value of a Secret block.

    Raises:
        BadInput: there is none of that name, or it holds no text.
    """
    from prefect.blocks.system import Secret

    try:
        value = Secret.load(name, _sync=True).get()  # type: ignore[union-attr, call-arg]
    except ValueError:
        raise BadInput(
            f"expected a Prefect Secret block named {name}, found none: make it in the dashboard under Blocks, "
            "or name an environment variable in the recipe instead"
        ) from None
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"expected the Prefect Secret block {name} to hold text, it holds {type(value).__name__}")
    return value
