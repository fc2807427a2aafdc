"""evergreen.datasets.labelling.tree: folders, what they lead to, and how they look."""

from evergreen.datasets.labelling.tree import Tree, path_of, text_of

TREE = Tree({("a",): 2, ("a", "x"): 3, ("b", "y", "z"): 1})


def test_a_folder_leads_to_what_is_below_it() -> None:
    assert TREE.children(()) == ["a", "b"]
    assert TREE.children(("b",)) == ["y"]
    assert (TREE.own(("a",)), TREE.total(("a",)), TREE.total(()), TREE.own(("b",))) == (2, 5, 6, 0)
    assert TREE.below(("a",)) == [("a",), ("a", "x")]
    assert TREE.without([("a", "x"), ("b",)]).counts == {("a",): 2}
    assert TREE.without([]) is TREE


def test_it_is_drawn_with_counts_and_cut_where_it_is_too_much() -> None:
    assert TREE.drawn() == "a/  5, 2 of them itself\n  x/  3\nb/  1\n  y/  1\n    z/  1"
    assert Tree({(): 1, ("a",): 1}).drawn().splitlines()[0] == "(no folder)  1"
    wide = Tree({(f"{number:03d}",): 1 for number in range(100)}).drawn().splitlines()
    assert len(wide) == 31 and wide[-1] == "... and 70 more folders"
    assert Tree({tuple("abcdef"): 1}).drawn().splitlines()[-1] == "      d/  1, in 1 folders"


def test_paths_are_read_and_written_as_people_do() -> None:
    assert path_of("a/b") == ("a", "b") and path_of(".") == () == path_of("")
    assert text_of(("a", "b")) == "a/b" and text_of(()) == "."
