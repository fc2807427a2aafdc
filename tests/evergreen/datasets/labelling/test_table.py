"""evergreen.datasets.labelling.table: one row an image; what is missing, doubled or twofold is counted or refused."""

import pandas as pd
import pytest
from made_tables import asked, counts_of, files_of, labelled

from evergreen.datasets.labelling.table import columns_for, read_rows
from evergreen.datasets.repair import Repaired
from evergreen.errors import BadDataset
from evergreen.sections.labels import Labels, Repair

LABELS = Labels(table="train.csv", file="id", label="breed")


def read(csv: str, paths: list[str], labels: Labels = LABELS, settings: Repair | None = None) -> Repaired:
    texts = {"set/train.csv": csv.encode()}
    return labelled(files_of([*paths, "set/train.csv"], texts=texts), settings, labels, texts.values())


IMAGES = ["set/train/1.jpg", "set/train/2.jpg", "set/train/3.jpg"]


@pytest.mark.parametrize(
    "csv",
    [
        "id,breed\n1.jpg,cat\n2.jpg,dog\n3.jpg,dog\n",
        "\ufeffid;breed\ntrain/1.jpg;cat\n./train/2.jpg;dog\nset\\train\\3.jpg;dog\n",
        "id\tother\tbreed\n1.jpg\tx\tcat\n2.jpg\ty\t dog\n3.jpg\tz\tdog \n",
    ],
)
def test_rows_name_images_by_name_or_path(csv: str) -> None:
    assert counts_of(read(csv, IMAGES)) == {"cat": 1, "dog": 2}


def test_a_suffix_and_a_subset_are_read() -> None:
    csv = "id,breed,part\n1,cat,train\n2,dog,train\n3,dog,valid\n"
    labels = Labels(table="set/train.csv", file="id", label="breed", suffix=".jpg", subset="part")
    found = read(csv, IMAGES, labels)
    assert found.dataset.groupby(["subset", "label"]).size().to_dict() == {
        ("train", "cat"): 1, ("train", "dog"): 1, ("validation", "dog"): 1,
    }  # fmt: skip
    with pytest.raises(BadDataset, match="'later' is no subset"):
        read(csv.replace("valid", "later"), IMAGES, labels)


def test_missing_files_doubled_rows_and_images_without_a_row_are_counted_and_said() -> None:
    csv = "id,breed\n1.jpg,cat\n1.jpg,cat\n2.jpg,dog\n9.jpg,dog\n"
    found = read(csv, [*IMAGES, "set/test/4.jpg"])
    assert counts_of(found) == {"cat": 1, "dog": 1}
    assert list(found.notes["note"]) == [
        "set/train.csv: 1 rows name no image of the source, such as '9.jpg'",
        "set/train.csv: 1 rows say again what another row says: counted once",
    ]
    assert {"reason": "no row with a label in set/train.csv", "count": 1} in found.dropped.to_dict("records")
    assert (found.dataset["subset"] == "unlabelled").sum() == 1


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (
            "id,breed\n1.jpg,cat\n1.jpg,dog\n2.jpg,dog\n",
            "expected one label for 'set/train/1.jpg', received 'cat' and 'dog'",
        ),
        (
            "id,breed\n1.jpg,cat;dog\n2.jpg,dog\n3.jpg,cat;eel\n4.jpg,eel\n",
            "one label in each cell, received 'cat;dog'",
        ),
        ("id,breed\n1.jpg,cat|x\n2.jpg,dog\n3.jpg,cat\n", "expected one label in each cell, received 'cat|x'"),
        ("id,bread\n1.jpg,cat\n", "no column 'breed'; it has id, bread; did you mean bread"),
        ("id,breed\n1,cat\n2,dog\n", "labels.suffix: .jpg would make them so"),
        ("id,breed\n7.jpg,cat\n8.jpg,dog\n", "its 2 rows name none, such as '7.jpg', '8.jpg'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(csv: str, said: str) -> None:
    with pytest.raises(BadDataset) as refused:
        read(csv, IMAGES)
    assert said in str(refused.value)


def test_a_label_may_have_blanks_and_commas_of_its_own() -> None:
    assert counts_of(read('id,breed\n1.jpg,"food, hot"\n2.jpg,great dane\n', IMAGES[:2])) == {
        "food, hot": 1,
        "great dane": 1,
    }


def test_a_name_of_several_images_is_refused() -> None:
    with pytest.raises(BadDataset, match=r"'1\.jpg' is 2 images of the source"):
        read("id,breed\n1.jpg,cat\n2.jpg,dog\n", [*IMAGES, "set/other/1.jpg"])


def test_a_table_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(
        BadDataset, match=r"expected one file 'labels.csv' in the source, found 0; its tables are: 'set/train.csv'"
    ):
        read("id,breed\n", IMAGES, Labels(table="labels.csv", file="id", label="breed"))
    with pytest.raises(BadDataset, match="expected a table as CSV or TSV in UTF-8"):
        read_rows(b"\xff\xfe\0", "x.csv")


def test_a_flat_folder_beside_a_table_is_refused_with_the_lines_that_read_it() -> None:
    csv = "id,noise,breed\n" + "".join(f"{n},{n}x,{'cat' if n % 2 else 'dog'}\n" for n in range(8))
    texts = {"train.csv": csv.encode()}
    text, readings = asked(
        files_of([*(f"train/{n}.jpg" for n in range(8)), "train.csv"], texts=texts), texts=texts.values()
    )
    assert readings == [{"cat": 4, "dog": 4}]
    for line in ('labels.table: "train.csv"', 'labels.file: "id"', 'labels.label: "breed"', 'labels.suffix: ".jpg"'):
        assert line in text


def test_a_table_of_something_else_suggests_nothing() -> None:
    assert columns_for(pd.Series(["1.jpg"]), read_rows(b"a,b\nx,y\n", "t.csv")) is None


def test_the_column_that_names_the_files_is_proposed_and_not_an_index() -> None:
    order = [5, 3, 1, 0, 2, 4, 7, 6]
    csv = ",file,label\n" + "".join(f"{n},{o}.jpg,{'cat' if o % 2 else 'dog'}\n" for n, o in enumerate(order))
    texts = {"train.csv": csv.encode()}
    text, readings = asked(
        files_of([*(f"p/{n}.jpg" for n in range(8)), "train.csv"], texts=texts), texts=texts.values()
    )
    assert 'labels.file: "file"' in text and readings == [{"cat": 4, "dog": 4}]


def test_what_is_left_out_makes_a_name_of_two_images_one() -> None:
    found = read(
        "id,breed\n1.jpg,cat\n2.jpg,dog\n", [*IMAGES, "set/other/1.jpg"], settings=Repair(leave_out=("other",))
    )
    assert counts_of(found) == {"cat": 1, "dog": 1}


def test_a_table_that_disagrees_with_the_folders_is_asked_about() -> None:
    parts = [f"HAM_part_{1 + n % 2}/ISIC_{n}.jpg" for n in range(12)]
    csv = "image_id,dx,age\n" + "".join(f"ISIC_{n},{'nv' if n < 7 else 'mel'},{40 + n}\n" for n in range(12))
    texts = {"meta.csv": csv.encode()}
    files = files_of([*parts, "meta.csv"], texts=texts)
    text, readings = asked(files, texts=texts.values())
    assert "the table 'meta.csv' gives 12 of 12 images labels, in the column dx" in text
    assert readings == [{"nv": 7, "mel": 5}, {"HAM_part_1": 6, "HAM_part_2": 6}]


@pytest.mark.parametrize("column", ["label", "camera"])
def test_a_table_that_says_what_the_folders_say_or_something_else_is_none_of_it(column: str) -> None:
    csv = f"file,{column}\n" + "".join(f"{n}.jpg,{'cat' if n % 2 else 'dog'}\n" for n in range(12))
    texts = {"meta.csv": csv.encode()}
    names = {0: "dog", 1: "cat"} if column == "label" else {0: "a", 1: "b"}
    files = files_of([*(f"{names[n % 2]}/{n}.jpg" for n in range(12)), "meta.csv"], texts=texts)
    assert counts_of(labelled(files, texts=texts.values())) == dict.fromkeys(names.values(), 6)
