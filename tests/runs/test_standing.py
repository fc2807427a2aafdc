"""runs.standing: whom a challenger meets, and what a verdict makes of it."""

import pandas as pd
import pytest
from releases import make_comparison, make_release

from evergreen.recipe import load_recipe
from evergreen.release.judge import Challenger, refuse_other_classes
from evergreen.sections.release import Gate
from runs.releases import parts_of
from runs.run import Entry, Run
from runs.standing import decide, opponent_of, promoted_by
from storage.artifacts import Ref
from storage.champions import Champions, Event, EventName
from storage.errors import ChampionMoved
from storage.store import Store


def _note(store: Store, event: EventName, release: Ref, run: str = "run") -> None:
    champions = Champions(store.root)
    model = parts_of(store, release.sha256)["model"].sha256
    champions.commit("digits", champions.state("digits"), Event(event, release.sha256, model, "said", run))


def _met(store: Store, challenger: Ref) -> Ref:
    return opponent_of(store, "digits", challenger).ref()


def test_it_meets_the_champion_and_an_unchanged_model_whom_it_took_the_place_of(store: Store) -> None:
    first, second = make_release(store, "a"), make_release(store, "b")
    assert opponent_of(store, "digits", first).facts == {"release": None}
    _note(store, "promoted", first)
    assert opponent_of(store, "digits", first).facts == {"release": None}
    assert opponent_of(store, "digits", second).facts == {"release": first.sha256}
    _note(store, "promoted", second)
    assert opponent_of(store, "digits", second).facts == {"release": first.sha256}


@pytest.mark.parametrize(
    ("verdict", "standing", "event"),
    [("promote", "champion", "promoted"), ("rejected", "rejected", "rejected"),
     ("cannot compare", "cannot compare", "rejected")],
)  # fmt: skip
def test_a_verdict_becomes_a_standing(store: Store, verdict: str, standing: str, event: str) -> None:
    champion, challenger = make_release(store, "a"), make_release(store, "b")
    _note(store, "promoted", champion)
    found = decide(store, "digits", challenger, _met(store, challenger), make_comparison(store, verdict, "why"), "run")
    assert found.event is not None
    assert (found.event.event, found.event.reason, found.event.run) == (event, "why", "run")
    title = challenger if standing == "champion" else champion
    assert found.manifest.facts == {"release": challenger.sha256, "champion": title.sha256, "standing": standing}


@pytest.mark.parametrize("run", ["20261130-120000-abcdef", ""])
def test_whoever_decides_otherwise_is_told_what_to_type(store: Store, run: str) -> None:
    challenger = make_release(store, "a")
    image = pd.DataFrame({"split": ["test"], "label": ["a"], "predicted": ["a"]})
    told = refuse_other_classes(Challenger(image, ["a"], image, {}, "good fit"), ["b"], Gate())
    assert told is not None
    judged = make_comparison(store, told.verdict, told.summary)
    event = decide(store, "digits", challenger, _met(store, challenger), judged, run).event
    assert event is not None
    assert event.reason.endswith(f"evergreen promote {run or challenger.sha256[:12]}")


def test_who_holds_the_title_stays_without_an_event(store: Store) -> None:
    release = make_release(store, "a")
    _note(store, "promoted", release)
    found = decide(store, "digits", release, _met(store, release), make_comparison(store, "rejected"))
    assert (found.event, found.manifest.facts["standing"]) == (None, "champion")


def test_a_pin_turns_a_winner_away(store: Store) -> None:
    champion, challenger = make_release(store, "a"), make_release(store, "b")
    _note(store, "promoted", champion)
    _note(store, "pinned", champion)
    found = decide(store, "digits", challenger, _met(store, challenger), make_comparison(store, "promote", "better"))
    assert found.event is not None
    assert (found.manifest.facts["standing"], found.event.reason) == ("pinned", "better; but the champion is pinned")


def test_another_champion_than_was_met_is_no_matter_to_decide(store: Store) -> None:
    champion, challenger = make_release(store, "a"), make_release(store, "b")
    met = _met(store, challenger)
    _note(store, "promoted", champion)
    with pytest.raises(ChampionMoved, match="digits: another run changed the champion"):
        decide(store, "digits", challenger, met, make_comparison(store, "promote"))


def test_a_run_promoted_what_it_promoted_itself(store: Store) -> None:
    run, release = Run.new(store, load_recipe("digits")), make_release(store, "a")
    _note(store, "promoted", release, run.id)
    assert promoted_by(run) is None  # it did not come to its promote
    run.journal.add(Entry("promote", "ran", "first run"))
    assert promoted_by(run) == release.sha256
    other = Run.new(store, load_recipe("digits"))
    other.journal.add(Entry("promote", "ran", "first run"))
    assert promoted_by(other) is None
