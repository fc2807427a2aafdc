"""evergreen.decisions.editing: one line changes, the others and what people wrote beside them stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.decisions.decision import Decision
from evergreen.decisions.editing import HEADER, edited, line_of
from evergreen.decisions.file import _as_written, _by_yaml, entries, parse
from evergreen.errors import BadRecipe

A, B, C = "1" * 64, "b" * 64, "c" * 64
KEEP = Decision("keep", was="paper", who="Anna", when="2026-11-30T12:00:00Z")


def test_a_new_file_has_a_head_and_one_line_an_image_sorted() -> None:
    text = edited(edited("", C, KEEP, "x"), A, Decision("relabel", "no", "", "a: b.jpg"), "x")
    assert text == HEADER + (
        f"{A}: {{decision: relabel, class: 'no', was: '', path: 'a: b.jpg'}}\n"
        f"{C}: {{decision: keep, was: paper, who: Anna, when: '2026-11-30T12:00:00Z'}}\n"
    )
    assert edited(text, C, None, "x") == HEADER + line_of(A, parse(text, "x")[A])


def test_comments_and_lines_written_by_hand_stay() -> None:
    mine = (
        f"# Ours.\n\n{C}:   # odd\n  decision: leave out  # blurred\n  who: Bo\n"
        f"# of the second batch\n{B}: {{decision: keep}} # sure\n# the end"
    )
    text = edited(mine, A, KEEP, "x")
    assert text == (
        f"# Ours.\n\n{line_of(A, KEEP)}# of the second batch\n{B}: {{decision: keep}} # sure\n"
        f"{C}:   # odd\n  decision: leave out  # blurred\n  who: Bo\n# the end\n"
    )
    gone = edited(edited(text, B, None, "x"), C, None, "x")
    assert gone == f"# Ours.\n\n{line_of(A, KEEP)}# of the second batch\n# the end\n"
    assert edited("# Only words", A, KEEP, "x") == f"# Only words\n{line_of(A, KEEP)}"


@pytest.mark.parametrize(
    "text", [f"{{{B}: {{decision: keep}}}}", f"{B}: &one {{decision: keep}}\n{C}: *one\n", f"{B}: {{decision: x}}"]
)
def test_a_text_in_which_no_line_can_be_changed_alone_is_refused(text: str) -> None:
    with pytest.raises(BadRecipe, match=r"^x"):
        edited(text, B, None, "x")


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
decided = st.one_of(
    st.none(), st.builds(Decision, st.sampled_from(["keep", "leave out"]), was=st.none() | words, path=words, who=words)
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([A, B, C]), decided), max_size=6))
def test_whatever_is_set_is_what_is_read(changes: list[tuple[str, Decision | None]]) -> None:
    """Also where a text is read by its lines alone, as they are written, it says what YAML says."""
    text, expected = "", {}
    for digest, decision in changes:
        text = edited(text, digest, decision, "x")
        expected.pop(digest, None)
        if decision:
            expected[digest] = decision
    assert parse(text, "x") == expected
    assert entries(text, "x") == _by_yaml(text, "x")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("paper/a b.jpg", True), ("Zoë (2)", True), ("'it''s: {a}, #1'", True), ("''", True), ("a-", True),
        ("a  b", True), ("a: b", False), ("a #b", False), ("-a", False), ('"a"', False), ("a,b", False), ("[a]", False),
        ("'a' b", False), ("a\u00a0b", False), ("*a", False), ("a'b", False),
    ],
)  # fmt: skip
def test_lines_as_they_are_written_are_read_without_yaml_and_mean_the_same(value: str, read: bool) -> None:
    text = f"# Ours.\n\n{A}: {{decision: relabel, class: {value}, who: x}}  # sure: {{a}}\n{B}: {{decision: keep}}\n"
    found = _as_written(text)
    assert (found is not None) == read
    assert found is None or found == _by_yaml(text, "x")


@pytest.mark.parametrize("mark", ["\r", "\x85", "\u2028", "\u2029"])
def test_a_name_with_what_ends_a_line_of_yaml_stays_on_one_and_is_read_again(mark: str) -> None:
    for text in (f"a{mark}b", mark, f"b{mark}"):
        decision = Decision("relabel", text, "paper", text, "Anna", "2026-11-30T12:00:00Z")
        assert len(line_of(A, decision).splitlines()) == 1
        assert parse(edited(line_of(B, KEEP), A, decision, "x"), "x") == {A: decision, B: KEEP}
