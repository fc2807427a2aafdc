"""evergreen.datasets.labelling.copies: what stands twice is counted once, and what only looks so is asked about."""

import pandas as pd
from made_tables import asked, counts_of, files_of, labelled, many

from evergreen.datasets.labelling.copies import contents_of


def with_copies(counts: dict[str, int], copies: dict[str, str]) -> pd.DataFrame:
    """Return files of folders, and of others that hold the same."""
    files = files_of(many(counts))
    more = [files.assign(path=files["path"].str.replace(f"{of}/", f"{copy}/", regex=False))[
        files["path"].str.startswith(f"{of}/")] for copy, of in copies.items()]  # fmt: skip
    return pd.concat([files, *more], ignore_index=True)


def test_a_folder_that_repeats_its_siblings_is_counted_once() -> None:
    files = with_copies({"r/paper": 2, "r/rock": 3}, {"r/rps/paper": "r/paper", "r/rps/rock": "r/rock"})
    found = labelled(files)
    assert counts_of(found) == {"paper": 2, "rock": 3}
    copies = found.renames[found.renames["what"] == "copy"]
    assert list(copies["folder"]) == ["r/rps/paper", "r/rps/rock"]
    assert list(copies["why"].unique()) == ["same files as the folders beside it: counted once"]


def test_so_is_one_inside_a_subset_and_one_that_holds_a_part() -> None:
    files = with_copies(
        {"train/a": 2, "train/b": 3, "test/a": 1, "test/b": 1}, {"train/x/a": "train/a", "train/x/b": "train/b"}
    )
    part = files[~files["path"].isin(["train/x/b/000.png"])]
    for some in (files, part):
        assert counts_of(labelled(some)) == {"a": 3, "b": 4}


def test_two_whole_copies_beside_each_other_are_one_dataset() -> None:
    files = with_copies({"one/a": 2, "one/b": 3}, {"two/a": "one/a", "two/b": "one/b"})
    found = labelled(files)
    assert counts_of(found) == {"a": 2, "b": 3}
    assert "same files as 'one': counted once" in set(found.renames["why"])
    subset = labelled(with_copies({"train/a": 2, "train/b": 3}, {"all/a": "train/a", "all/b": "train/b"}))
    assert set(subset.dataset["subset"]) == {"train"}


def test_other_files_under_the_same_names_are_asked_about() -> None:
    text, readings = asked(files_of(many({"cat": 1, "dog": 2, "more/cat": 3, "more/dog": 4})))
    assert "'more' holds folders of the same names as those beside it (cat, dog), with other images" in text
    assert readings == [{"cat": 1, "dog": 2}, {"cat": 4, "dog": 6}, {"cat": 1, "dog": 2, "more": 7}]


def test_two_classes_with_the_same_files_are_no_copy_but_a_conflict_that_screening_finds() -> None:
    files = with_copies({"cat": 2}, {"dog": "cat"})
    assert counts_of(labelled(files)) == {"cat": 2, "dog": 2}


def test_contents_are_those_below_a_folder_alone() -> None:
    files = files_of(["a/1", "a/b/2", "a b/3", "a0/4"]).sort_values("path")
    contents = contents_of(files)
    assert set(contents(("a",))) == {"1", "b/2"}
    assert set(contents(("a", "b"))) == {"2"}
    assert contents(("c",)) == {}
