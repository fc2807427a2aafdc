"""runs.own.remarks: what --source brings under a recipe's name is its own, or it is refused, and what to type works."""

import shlex
from pathlib import Path

import pytest
from releases import crown, make_release

from commands.options import renamed
from evergreen.errors import BadInput
from evergreen.recipe import Recipe, load_recipe
from runs.own.remarks import hint_after, refuse_other_classes, remarks_on
from storage.artifacts import Ref
from storage.store import Store


@pytest.fixture
def photos(tmp_path: Path) -> str:
    folder = tmp_path / "My Photos"
    folder.mkdir()
    return str(folder)


def _with_champion(store: Store, *classes: str) -> None:
    crown(store, make_release(store, "champion", classes=list(classes)).sha256, "run")


def _dataset(store: Store, *classes: str) -> Ref:
    return store.publish("dataset", {}, {"classes": list(classes)})


def _typed(line: str) -> Recipe:
    """Read a line to type as the command does."""
    command, _, recipe, *rest = shlex.split(line)
    assert command == "evergreen"
    options = [(rest[at], rest[at + 1]) for at in range(0, len(rest), 2)]
    sets = [value for option, value in options if option == "--set"]
    given = dict(options)
    return load_recipe(recipe, renamed(sets, given.get("--name")), given.get("--source"))


def test_other_classes_than_the_champions_are_refused_with_lines_that_work(store: Store, photos: str) -> None:
    _with_champion(store, "zero", "one")
    recipe = load_recipe("digits", ["repair.classes=[]", "seed=3"], photos)
    with pytest.raises(BadInput) as refused:
        refuse_other_classes(recipe, store, _dataset(store, "king", "queen"))
    text, own, _, same = str(refused.value).split("\n")
    assert text.startswith("expected the classes of digits's champion in this store (zero, one), received king, queen")
    assert shlex.split(own) == ["evergreen", "new", "my-photos", "--source", photos]
    other = _typed(same.strip())
    assert other.name == "my-photos"
    assert other.model_dump() | {"name": "digits"} == recipe.model_dump()
    refuse_other_classes(other, store, _dataset(store, "king", "queen"))  # it has no champion


@pytest.mark.parametrize("classes", [("zero", "one"), ("one", "zero")])
def test_the_champions_own_classes_are_taken_from_anywhere_and_nothing_is_said(
    store: Store, photos: str, classes: tuple[str, ...]
) -> None:
    _with_champion(store, "zero", "one")
    recipe = load_recipe("digits", (), photos)
    refuse_other_classes(recipe, store, _dataset(store, *classes))
    assert remarks_on(recipe, store) == []


def test_a_recipes_own_source_may_get_other_classes(store: Store) -> None:
    _with_champion(store, "zero", "one")
    refuse_other_classes(load_recipe("digits"), store, _dataset(store, "zero", "one", "two"))


def test_a_champion_that_cannot_be_read_refuses_nothing(store: Store, photos: str) -> None:
    crown(store, "ab" * 32, "run")
    refuse_other_classes(load_recipe("digits", (), photos), store, _dataset(store, "a"))


def test_without_a_champion_what_belongs_to_other_data_is_said_with_lines_that_are_valid(
    store: Store, photos: str
) -> None:
    title, classes, network = remarks_on(load_recipe("digits", (), photos), store)
    assert "'Handwritten digits, embedded'" in title
    assert "(zero, one, two, three and 6 more)" in classes
    assert "(cnn on images of 16x16 pixels)" in network
    assert network.endswith(shlex.join(["evergreen", "new", "my-photos", "--source", photos]))
    sets = [shlex.split(remark.partition("--set ")[2])[0] for remark in (title, classes)]
    (left,) = remarks_on(load_recipe("digits", sets, photos), store)
    assert left == network
    assert remarks_on(load_recipe("digits", [*sets, "image.height=32"], photos), store) == []
    assert remarks_on(load_recipe("digits"), store) == []
    assert len(remarks_on(load_recipe("digits", [f"source={{local: {{path: '{photos}'}}}}"]), store)) == 3


def test_labels_that_do_not_fit_say_what_to_do(photos: str) -> None:
    assert hint_after(load_recipe("digits")) == ""
    hint = hint_after(load_recipe("digits", (), photos))
    assert "evergreen new my-photos" in hint
    assert _typed(hint.split("\n")[-1].strip()).name == "my-photos"


def test_a_dataset_of_kaggle_gives_its_name(store: Store) -> None:
    _with_champion(store, "zero", "one")
    recipe = load_recipe("digits", ["repair.classes=[]"], "kaggle:owner/some_set")
    with pytest.raises(BadInput, match="evergreen new some-set --source kaggle:owner/some_set"):
        refuse_other_classes(recipe, store, _dataset(store, "a"))


@pytest.mark.parametrize("name", ["", "Photos", "-a", "a b", "x" * 64])
def test_a_name_that_no_recipe_can_have_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="--name: expected up to 63 of a-z"):
        renamed(None, name)


def test_a_name_is_the_recipes_whatever_yaml_would_read(store: Store) -> None:
    assert load_recipe("digits", renamed(["name=x"], "123")).name == "123"
    assert renamed(None, None) == []
