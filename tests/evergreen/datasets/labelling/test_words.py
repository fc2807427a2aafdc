"""evergreen.datasets.labelling.words: lists that fit into a sentence."""

from evergreen.datasets.labelling.words import counted, some


def test_what_is_too_much_is_counted() -> None:
    assert some("abc", 3) == "a, b, c"
    assert some("abcd", 3) == "a, b, c and 1 more"
    assert some([]) == ""


def test_kinds_are_counted_without_their_articles() -> None:
    assert (
        counted({"a web page": 1, "an empty file": 2, "unknown bytes": 3})
        == "1 web page, 2 empty files, 3 unknown bytes"
    )
