"""evergreen.reports.page: a name that is not given raises, and both pictures are drawn."""

import pytest
from jinja2 import UndefinedError

from evergreen.reports.page import both, percent, render


def test_a_name_that_a_template_uses_and_is_not_given_raises() -> None:
    with pytest.raises(UndefinedError):
        render("report.html.j2")


def test_a_share_is_a_percentage() -> None:
    assert [percent("0.98152"), percent(1), percent(0.005, 0)] == ["98.15 %", "100.00 %", "0 %"]


def test_a_picture_is_drawn_on_light_and_on_dark_ground() -> None:
    def draw(what: str, *, dark: bool = False) -> bytes:
        return f"{what} {dark}".encode()

    assert both(draw, "a") == (b"a False", b"a True")
