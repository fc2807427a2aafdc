"""evergreen.sections.code_pages: a code page has one name, and what would change plain names is none."""

import pytest

from evergreen.sections.code_pages import code_page
from evergreen.sections.data import Unpack


@pytest.mark.parametrize(
    ("name", "known"),
    [("GBK", "gbk"), ("936", "gbk"), ("Shift_JIS", "shift_jis"), ("windows-1251", "cp1251"), ("johab", "johab")],
)
def test_a_code_page_has_one_name(name: str, known: str) -> None:
    assert code_page(name) == known
    assert Unpack(names=name) == Unpack(names=known)


@pytest.mark.parametrize("name", ["", "none such", "a\0b", "ü"])
def test_what_is_none_is_refused_with_names_that_are(name: str) -> None:
    with pytest.raises(ValueError, match="expected a code page that Python knows, such as gbk, big5"):
        code_page(name)


@pytest.mark.parametrize(
    "name", ["utf-16", "utf-32", "cp037", "utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape",
             "base64", "rot13", "zlib", "undefined"],
)  # fmt: skip
def test_what_changes_plain_names_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a code page that"):
        code_page(name)
    with pytest.raises(ValueError, match="expected a code page that"):
        Unpack(names=name)
