"""The tiny training that tests of evergreen.vision share."""

from collections.abc import Callable

import pytest
from tiny_training import Trained


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes]) -> Trained:
    return Trained(tmp_path_factory.mktemp("trained"), png)
