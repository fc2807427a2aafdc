"""runs.curing.choosing: the newest completed run of that name says what is set, and the rest is said in words."""

import pytest
from curing_runs import DIGITS, ended, row

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from runs.curing.choosing import Chosen, chosen
from storage.store import Store


def test_without_a_completed_run_of_that_name_it_is_said_what_comes_first(store: Store) -> None:
    ended(store, 1, load_recipe("digits", ["name=other"]), [row("noise")])
    ended(store, 2, DIGITS, [row("noise")], outcome="failed")
    ended(store, 3, DIGITS, [], shortcuts={}, outcome="completed")
    with pytest.raises(BadInput, match=r"a completed run of digits .* found none\n.*evergreen retrain digits$"):
        chosen(DIGITS, store)


def test_a_run_that_measured_nothing_is_not_taken_for_one_that_leans_on_nothing(store: Store) -> None:
    ended(store, 1, DIGITS, [])
    with pytest.raises(BadInput, match=r"shortcut_images is 0.*\n.*--set evaluate.shortcut_images=300"):
        chosen(DIGITS, store)
    ended(store, 2, DIGITS, [row("noise", None)])
    with pytest.raises(BadInput, match="no change could be made to 10 images"):
        chosen(DIGITS, store)


def test_the_newest_run_says_what_is_set_and_why(store: Store) -> None:
    ended(store, 1, DIGITS, [row("noise"), row("grey")])
    run = ended(store, 2, DIGITS, [row("noise", 0.2), row("grey", 0.01), row("darker", 0.12)])
    ended(store, 3, DIGITS, [row("jpeg")], outcome="cancelled")
    found = chosen(DIGITS, store)
    assert (found.run, found.sets) == (run, ["augment.noise=40", "augment.brightness=[0.6, 1.4]"])
    head, noise, brightness = found.in_words()
    assert head.startswith(f"cure of run {run}: The model leans on it")
    assert noise == "  --set augment.noise=40  (noise costs 20.0 points (19.0 to 21.0))"
    assert brightness == "  --set 'augment.brightness=[0.6, 1.4]'  (darker costs 12.0 points (11.0 to 13.0))"
    said = found.as_json()["cures"][0]
    assert (said["changes"], said["sets"], said["further"]) == (["noise"], ["augment.noise=40"], True)
    load_recipe("digits", found.sets)


def test_where_nothing_leans_nothing_is_set(store: Store) -> None:
    ended(store, 1, DIGITS, [row("noise")])
    run = ended(store, 2, DIGITS, [row("noise", 0.01)])
    found = chosen(DIGITS, store)
    assert (found.sets, found.cures) == ([], ())
    assert found.in_words() == [
        f"nothing to cure in run {run}: No change that was tried costs over 5 points of accuracy, chance aside."
    ]


def test_a_second_cure_goes_on_from_the_first_though_the_recipe_does_not_say_it(store: Store) -> None:
    first = ended(store, 1, DIGITS, [row("noise"), row("grey")])
    given = chosen(DIGITS, store)
    assert given.run == first
    cured = load_recipe("digits", given.sets)
    ended(store, 2, cured, [row("noise", 0.01), row("grey", 0.2)], cure=given.as_json())
    again = chosen(DIGITS, store)
    assert again.sets == ["augment.grey=0.6", "augment.noise=40"]
    assert "augment.grey 0.3 did not suffice" in again.cures[0].why
    # Once they stand in the recipe, only what lost is set.
    assert chosen(cured, store).sets == ["augment.grey=0.6"]
    ended(store, 3, load_recipe("digits", [*given.sets, *again.sets]), [row("grey", 0.2)], cure=again.as_json())
    last = chosen(DIGITS, store)  # both are tried, and the recipe's file says neither: that run over again
    assert [one.sets for one in last.cures] == [("augment.grey=0.6",), ("augment.noise=40",)]
    assert last.sets == []
    ended(store, 4, load_recipe("digits", ["augment.grey=0.9"]), [row("grey", 0.2)])
    over = chosen(DIGITS, store)
    assert over.sets == []
    assert over.in_words()[0].startswith("no field is left to set against what costs too much in run")


def test_what_the_gate_refuses_is_cured_too(store: Store) -> None:
    strict = load_recipe("digits", ["gate={max_shortcut_loss: 0.02}"])
    ended(store, 1, strict, [row("blur", 0.03)])
    assert [one.changes for one in chosen(strict, store).cures] == [("blur",)]
    assert isinstance(chosen(DIGITS, store), Chosen)
    assert chosen(DIGITS, store).sets == []


def test_a_run_of_an_earlier_version_lacks_fields(store: Store) -> None:
    settings = {name: value for name, value in DIGITS.values().items() if name != "augment"}
    ended(store, 1, DIGITS, [row("noise")], settings=settings | {"augment": {"rotation": 5.0}})
    assert chosen(DIGITS, store).sets == ["augment.noise=40"]
    ended(store, 2, DIGITS, [row("noise")], settings=settings)
    assert chosen(DIGITS, store).sets == ["augment.noise=40"]
