"""Who answers unless a person names another: predict and web are asked alike, case by case."""

from pathlib import Path
from typing import NamedTuple

import pytest
from releases import make_release

from evergreen.errors import BadInput
from runs.answering.in_charge import in_charge
from runs.answering.model_meant import model_meant
from runs.answering.webpage import write_page
from runs.releases import parts_of
from storage.artifacts import Ref
from storage.champions import Champions, Event
from storage.errors import ArtifactMissing
from storage.runs import run_folder, write_summary
from storage.store import Store

OLD, NEW, OTHER = "20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20260103-000000-cccccc"
LITE = [{"format": "tflite-float32", "verified": "passed"}]  # no page can be made of it, which names the run


class Answers(NamedTuple):
    """Whose model predict answers with, and whose run web shows."""

    model: str
    predicted: str | None
    shown: str


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def _run(
    store: Store, name: str, release: Ref, recipe: str = "digits", outcome: str = "completed", **more: object
) -> None:
    steps = [
        {"name": "train", "output": parts_of(store, release.sha256)["model"].sha256},
        {"name": "bundle", "output": release.sha256},
    ]
    run_folder(store, name).mkdir(parents=True)
    written = {"id": name, "recipe": recipe, "outcome": outcome, "exports": LITE, "steps": steps}
    write_summary(store, written | more)


def _model(store: Store, release: Ref) -> str:
    return parts_of(store, release.sha256)["model"].sha256


def _say(store: Store, event: str, release: Ref, recipe: str = "digits") -> None:
    champions = Champions(store.root)
    said = Event(event, release.sha256, _model(store, release), "the test says so")  # type: ignore[arg-type]
    champions.commit(recipe, champions.state(recipe), said)


def _answers(store: Store) -> Answers:
    meant = model_meant(store, None, None)
    with pytest.raises(BadInput) as shown:
        write_page(store, None, None)
    return Answers(meant.model, meant.run, str(shown.value).split(":")[0].removeprefix("run "))


def test_the_newest_run_while_nobody_was_promoted(store: Store) -> None:
    old, new = make_release(store, "old"), make_release(store, "new")
    _run(store, OLD, old)
    _run(store, NEW, new)
    _run(store, OTHER, make_release(store, "cut short"), outcome="failed")
    assert _answers(store) == (_model(store, new), NEW, NEW)
    assert (in_charge(store, None).release, dict(in_charge(store, None).parts)) == (None, {})
    said = f"digits has no champion; run {NEW}, whose model this is, was not promoted"
    assert in_charge(store, None).caution == model_meant(store, None, None).caution == said
    assert not model_meant(store, None, None).champion
    assert model_meant(store, None, NEW).caution == ""  # who names a model knows it
    worse = {"summary": "accuracy 33% ...", "standing": "rejected"}
    _run(store, "20260104-000000-dddddd", new, comparison=worse)
    assert in_charge(store, None).caution.endswith(": accuracy 33% ...")


def test_a_champion_of_other_classes_than_the_newest_runs_says_so(store: Store) -> None:
    champion = make_release(store, "champion", classes=["zero", "one"])
    _run(store, OLD, champion, classes={"one": {"train": 1}, "zero": {"train": 1}})
    _say(store, "promoted", champion)
    assert in_charge(store, None).caution == ""
    _run(store, NEW, make_release(store, "chess"), classes={"king": {"train": 1}, "one": {"train": 1}})
    caution = in_charge(store, None).caution
    assert caution.startswith(
        f"this is the champion of digits, and its newest run {NEW} has other classes (new: king; "
    )
    assert "gone: zero" in caution
    meant = model_meant(store, None, None)
    assert (meant.caution, meant.champion) == (caution, True)


def test_the_champion_though_a_newer_run_lost(store: Store) -> None:
    champion, challenger = make_release(store, "champion"), make_release(store, "challenger")
    _run(store, OLD, champion)
    _run(store, NEW, challenger)
    _say(store, "promoted", champion)
    _say(store, "rejected", challenger)
    assert _answers(store) == (_model(store, champion), OLD, OLD)
    _say(store, "pinned", champion)
    assert _answers(store) == (_model(store, champion), OLD, OLD)
    _say(store, "promoted", challenger)  # by name
    _say(store, "rolled back", challenger)
    assert _answers(store) == (_model(store, champion), OLD, OLD)


def test_the_newest_of_the_runs_that_have_the_champion(store: Store) -> None:
    champion = make_release(store, "champion")
    _run(store, OLD, champion)
    _run(store, NEW, champion)
    _run(store, OTHER, champion, outcome="failed")
    _say(store, "promoted", champion)
    assert _answers(store) == (_model(store, champion), NEW, NEW)


def test_the_newest_runs_recipe_decides_between_two(store: Store) -> None:
    champion = make_release(store, "champion")
    others = make_release(store, "other", "photos"), make_release(store, "newer", "photos")
    _run(store, OLD, others[0], "photos")
    _run(store, NEW, champion)
    _say(store, "promoted", champion)
    _say(store, "promoted", others[0], "photos")
    assert _answers(store) == (_model(store, champion), NEW, NEW)
    _run(store, OTHER, others[1], "photos")
    assert _answers(store) == (_model(store, others[0]), OLD, OLD)
    assert model_meant(store, "digits", None).model == _model(store, champion)


def test_a_failed_runs_model_that_a_person_promoted(store: Store) -> None:
    champion = make_release(store, "champion")
    _run(store, OLD, make_release(store, "earlier"))
    _run(store, NEW, champion, outcome="failed")
    _say(store, "promoted", champion)
    assert _answers(store) == (_model(store, champion), NEW, NEW)


def test_a_champion_whose_run_is_gone_answers_and_no_other_is_shown(store: Store) -> None:
    champion = make_release(store, "champion")
    _run(store, NEW, make_release(store, "challenger"))
    _say(store, "promoted", champion)
    meant = model_meant(store, None, None)
    assert (meant.model, meant.run) == (_model(store, champion), None)
    expected = f"no run of digits's champion {champion.sha256[:12]} is left .* run evergreen retrain digits"
    with pytest.raises(BadInput, match=expected):
        write_page(store, None, None)


def test_a_damaged_champion_is_told_of_by_both_and_nobody_answers_in_its_place(store: Store) -> None:
    champion = make_release(store, "champion")
    _run(store, OLD, champion)
    _run(store, NEW, make_release(store, "challenger"))
    _say(store, "promoted", champion)
    manifest = store.manifest(parts_of(store, champion.sha256)["exports"].sha256)
    (blob,) = manifest.files.values()
    store.blob_path(blob.sha256).unlink()
    for asked in (lambda: model_meant(store, None, None), lambda: write_page(store, None, None)):
        with pytest.raises(ArtifactMissing, match="is not whole: files of its exports"):
            asked()


def test_where_nothing_was_trained_both_say_what_to_run(store: Store) -> None:
    for asked in (lambda: model_meant(store, None, None), lambda: write_page(store, None, None)):
        with pytest.raises(BadInput, match=r"a trained model in .*, found none\n    try: evergreen retrain digits"):
            asked()
    with pytest.raises(BadInput, match=r"of recipe photos in .* evergreen new photos --source PATH"):
        in_charge(store, "photos")
