"""evergreen.sources.archives.names: any bytes become text that can be written, stored and shown."""

from evergreen.sources.archives.names import plain, readable, visible, visible_lines


def test_bytes_that_are_no_utf8_read_as_percent_and_letters_stay() -> None:
    assert readable(b"\xff\xc3\xa9 a".decode("utf-8", "surrogateescape")) == "%FFé a"
    assert readable("kæt") == "kæt"


def test_a_backslash_is_no_separator_of_a_stores_names() -> None:
    assert plain("a\\b/c") == "a%5Cb/c"


def test_what_moves_a_cursor_is_escaped() -> None:
    assert visible("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
    assert visible("kæt 1") == "kæt 1"


def test_a_messages_lines_stay_lines() -> None:
    assert visible_lines("photos/\n  a\x1b[2J\n\n  [b]\r") == "photos/\n  a\\x1b[2J\n\n  [b]\\r"
