"""What a test wants of the server, patiently."""

from collections.abc import Callable
from typing import Any

import pytest

from evergreen.sources.fetching.answers import Ask
from evergreen.sources.fetching.download import Wanted


@pytest.fixture
def want(server: Any) -> Callable[..., Wanted]:
    """Make a wish for a path of the server, patient in tries and not in time."""

    def make(path: str = "/photos.zip", host: str = "127.0.0.1", **changes: Any) -> Wanted:
        settings = {"attempts": 3, "stall_seconds": 0.5, "pause_seconds": 0.005}
        settings |= {name: changes.pop(name) for name in list(changes) if name in Ask.__dataclass_fields__}
        asked = Ask(lambda: server.url(path, host), f"http://server{path}", "get a new one", **settings)
        return Wanted("photos.zip", asked, "label", **changes)

    return make
