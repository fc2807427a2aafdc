"""tasks.secret: a Secret block is opened by its name, and one that is not there, or holds no text, is said."""

import pytest

from evergreen.errors import BadInput
from tasks.secret import open_secret


def test_a_block_is_opened_by_its_name(prefect_server: str) -> None:
    from prefect.blocks.system import Secret

    Secret(value="sig=pl4nted").save("mirror-photos", overwrite=True, _sync=True)  # type: ignore[call-arg]
    assert open_secret("mirror-photos") == "sig=pl4nted"
    Secret(value=" ").save("mirror-photos", overwrite=True, _sync=True)  # type: ignore[call-arg]
    with pytest.raises(BadInput, match="expected the Prefect Secret block mirror-photos to hold text"):
        open_secret("mirror-photos")


def test_a_block_that_is_not_there_is_said_with_what_to_do(prefect_server: str) -> None:
    with pytest.raises(BadInput, match="expected a Prefect Secret block named mirror-none, found none: make it in"):
        open_secret("mirror-none")
