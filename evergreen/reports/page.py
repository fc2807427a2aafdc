"""What all pages have in common: the template engine, one style sheet, pictures for light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from evergreen.images.thumbnails import data_address
from evergreen.sources.archives.names import visible_lines

_FOLDER = Path(__file__).parent


def render(template: str, **values: Any) -> bytes:
    """Return a page of ``evergreen/reports`` as HTML that stands alone: its style and pictures are inside.

    Args:
        template: name of the template's file.
        values: what it shows; a name that it uses and is not given raises.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    environment.filters |= {"percent": percent, "address": data_address}
    return environment.get_template(template).render(**values).encode()


def _shown(value: object) -> object:
    """Return a value as it is shown: control characters in a name, which may turn what follows around, as escapes."""
    return visible_lines(value) if type(value) is str else value


def percent(share: float | str, digits: int = 2) -> str:
    """Return a share, 0-1, as a percentage such as ``98.15 %``."""
    return f"{100 * float(share):.{digits}f} %"


def both(draw: Callable[..., bytes], *values: Any) -> tuple[bytes, bytes]:
    """Return a picture on light and on dark ground."""
    return draw(*values), draw(*values, dark=True)
