"""evergreen.reports.page: a name that is not given raises, and both pictures are drawn."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from evergreen.reports import page
from evergreen.reports.page import both, percent, render


def test_a_name_that_a_template_uses_and_is_not_given_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.html.j2").write_text("<p>{{ title }} {{ share | percent }}</p>", encoding="utf-8")
    monkeypatch.setattr(page, "_FOLDER", tmp_path)
    assert render("page.html.j2", title="<kæt>", share=0.5) == "<p>&lt;kæt&gt; 50.00 %</p>".encode()
    with pytest.raises(UndefinedError):
        render("page.html.j2", share=0.5)


def test_a_share_is_a_percentage() -> None:
    assert [percent("0.98152"), percent(1), percent(0.005, 0)] == ["98.15 %", "100.00 %", "0 %"]


def test_a_picture_is_drawn_on_light_and_on_dark_ground() -> None:
    def draw(what: str, *, dark: bool = False) -> bytes:
        return f"{what} {dark}".encode()

    assert both(draw, "a") == (b"a False", b"a True")
