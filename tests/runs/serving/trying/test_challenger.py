"""runs.serving.trying.challenger: who is meant, and which images it answers."""

import pytest
from served import RECIPE, Served

from evergreen.errors import BadInput
from runs.serving.trying.challenger import canary, challengers, is_drawn, share
from storage.runs import run_folder, write_summary

IMAGES = [str(number).encode() for number in range(4000)]


def summary(served: Served, name: str, release: str | None) -> str:
    run_folder(served.store, name).mkdir(parents=True)
    steps = [{"name": "train", "output": None}, {"name": "bundle", "output": release}]
    write_summary(served.store, {"id": name, "recipe": RECIPE, "outcome": "completed", "steps": steps})
    return name


def test_a_run_a_release_or_its_model_names_the_release(served: Served) -> None:
    release = served.release("one")
    model = served.store.manifest(release).facts["parts"]["model"]["sha256"]
    for ref in (summary(served, "20260101-1", release), release, release[:8], model[:12]):
        assert challengers(served.store, [ref]) == {RECIPE: release}


def test_what_names_none_or_two_of_a_recipe_is_refused_in_words(served: Served) -> None:
    one, other = served.release("one"), served.release("two")
    with pytest.raises(BadInput, match="expected a run's id, or 6 digits or more"):
        challengers(served.store, ["nothing"])
    with pytest.raises(BadInput, match="run 20260101-2 ended before it had a release"):
        challengers(served.store, [summary(served, "20260101-2", None)])
    with pytest.raises(BadInput, match="two of colours"):
        challengers(served.store, [one, other])
    elsewhere = served.release("three", recipe="others")
    assert challengers(served.store, [one, elsewhere]) == {RECIPE: one, "others": elsewhere}


@pytest.mark.parametrize(("text", "value"), [("10%", 0.1), ("0.5 %", 0.005), ("99.9%", 0.999)])
def test_a_share_is_in_percent(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["10", "0%", "100%", "-1%", "nan%", "\u0661\u0660%", "", "1e1%", "10%%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="expected a share"):
        share(text)


def test_the_draw_has_the_share_is_the_same_each_time_and_another_for_another_challenger() -> None:
    first = [is_drawn("a" * 64, image, 0.25) for image in IMAGES]
    assert first == [is_drawn("a" * 64, image, 0.25) for image in IMAGES]
    assert 0.22 < sum(first) / len(first) < 0.28
    more = [is_drawn("a" * 64, image, 0.5) for image in IMAGES]
    assert all(later for earlier, later in zip(first, more, strict=True) if earlier), "a larger share keeps its images"
    second = [is_drawn("b" * 64, image, 0.25) for image in IMAGES]
    assert 0.03 < sum(map(lambda a, b: a and b, first, second)) / len(IMAGES) < 0.1, "0.25 x 0.25 by chance"


def test_the_first_image_of_a_request_decides_and_a_champion_is_no_canary() -> None:
    choose = canary({RECIPE: "c" * 64}, 0.5, {RECIPE: "a" * 64, "others": "b" * 64}.__getitem__)
    drawn = next(image for image in IMAGES if choose(RECIPE, [image]))
    other = next(image for image in IMAGES if not choose(RECIPE, [image]))
    assert choose(RECIPE, [drawn, other]) == "c" * 64
    assert choose(RECIPE, [other, drawn]) is None
    assert choose(RECIPE, []) is None
    assert choose("others", [drawn]) is None
    promoted = canary({RECIPE: "c" * 64}, 0.5, lambda _: "c" * 64)
    assert promoted(RECIPE, [drawn]) is None
