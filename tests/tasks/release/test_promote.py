"""tasks.release.promote: one winner, and a valid champion whenever it is killed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from releases import make_comparison, make_release

from evergreen.recipe import load_recipe
from runs.run import Run
from storage.artifacts import Ref
from storage.champions import Champions, Event
from storage.errors import ChampionMoved
from storage.store import Store
from tasks.release.challenge import challenge
from tasks.release.promote import promote

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(store: Store) -> Run:
    return Run(store, load_recipe("digits"), "a-run", "digits")


def _meet(run: Run, challenger: Ref) -> Ref:
    met: Ref = challenge.fn(run, challenger=challenger)
    return met


def _facts(run: Run, ref: Ref) -> dict[str, Any]:
    return dict(run.store.manifest(ref.sha256).facts)


def _promote(run: Run, challenger: Ref, verdict: str = "promote") -> dict[str, Any]:
    comparison = make_comparison(run.store, verdict)
    met = _meet(run, challenger)
    return _facts(run, promote.fn(run, challenger=challenger, champion=met, comparison=comparison))


def _by_hand(run: Run, event: Any) -> None:
    champions = Champions(run.store.root)
    state = champions.state("digits")
    assert state.champion
    champions.commit("digits", state, Event(event, state.champion.release, state.champion.model, "by hand"))


def _told(run: Run) -> list[tuple[str, str]]:
    return [(event.event, event.release) for event in Champions(run.store.root).history("digits")]


def test_a_winner_is_champion_and_an_unchanged_run_says_it_once(run: Run) -> None:
    first, second = make_release(run.store, "a"), make_release(run.store, "b")
    assert _promote(run, first) == {"release": first.sha256, "champion": first.sha256, "standing": "champion"}
    again = _promote(run, first)
    assert again["standing"] == "champion"
    assert _facts(run, _meet(run, second)) == {"release": first.sha256}
    assert _promote(run, second)["champion"] == second.sha256
    assert _facts(run, _meet(run, second)) == {"release": first.sha256}
    assert _told(run) == [("promoted", first.sha256), ("promoted", second.sha256)]
    assert Champions(run.store.root).history("digits")[0].run == "a-run"


@pytest.mark.parametrize("verdict", ["rejected", "cannot compare"])
def test_a_loser_is_kept_by_name_with_the_reason_once(run: Run, verdict: str) -> None:
    champion, loser = make_release(run.store, "a"), make_release(run.store, "b")
    _promote(run, champion)
    for _ in range(2):
        assert _promote(run, loser, verdict) == {
            "release": loser.sha256, "champion": champion.sha256, "standing": verdict,
        }  # fmt: skip
    assert _told(run) == [("promoted", champion.sha256), ("rejected", loser.sha256)]
    assert loser.sha256 in Champions(run.store.root).kept()


def test_a_blocked_model_is_turned_away_until_someone_names_it(run: Run) -> None:
    first, second = make_release(run.store, "a"), make_release(run.store, "b")
    _promote(run, first)
    _promote(run, second)
    _by_hand(run, "rolled back")
    for _ in range(2):
        assert _promote(run, second) == {"release": second.sha256, "champion": first.sha256, "standing": "blocked"}
    assert _told(run)[2:] == [("rolled back", second.sha256), ("blocked", second.sha256)]
    anew = _promote(run, make_release(run.store, "c"))
    assert anew["standing"] == "champion"


def test_a_pinned_champion_stays(run: Run) -> None:
    first, second = make_release(run.store, "a"), make_release(run.store, "b")
    _promote(run, first)
    _by_hand(run, "pinned")
    assert _promote(run, second) == {"release": second.sha256, "champion": first.sha256, "standing": "pinned"}
    assert Champions(run.store.root).history("digits")[-1].reason.endswith("but the champion is pinned")
    _by_hand(run, "unpinned")
    assert _promote(run, second)["standing"] == "champion"


def test_whoever_was_compared_with_an_earlier_champion_is_compared_again(run: Run) -> None:
    first, second = make_release(run.store, "a"), make_release(run.store, "b")
    comparison = make_comparison(run.store, "promote")
    nobody = _meet(run, second)
    _promote(run, first)
    with pytest.raises(ChampionMoved, match="since this comparison"):
        promote.fn(run, challenger=second, champion=nobody, comparison=comparison)
    assert _told(run) == [("promoted", first.sha256)]


_SCRIPT = """
import json, shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kill_points import kill_before_each_write
from releases import make_comparison, make_release
from evergreen.recipe import load_recipe
from storage.champions import Champions, State
from storage.store import Store
from tasks.release.challenge import challenge
from tasks.release.promote import promote
from runs.releases import whole_parts_of
from runs.run import Run
root, before = Path(sys.argv[1]) / "store", Path(sys.argv[1]) / "before"
run = Run(Store(root), load_recipe("digits"), "a-run", "digits")
"""

_KILLS = (
    _SCRIPT
    + """
one, two, three = (make_release(run.store, name) for name in "abc")
comparison = make_comparison(run.store, "promote")
def meet_and_promote(challenger):
    met = challenge.fn(run, challenger=challenger)
    promote.fn(run, challenger=challenger, champion=met, comparison=comparison)
meet_and_promote(one)
shutil.copytree(root, before)
ends = ""
for number, killed in kill_before_each_write(lambda: meet_and_promote(two)):
    champions = Champions(root)
    state, told = champions.state("digits"), State()
    for event in champions.history("digits"):
        told = told.after(event)
    assert told == state, (told, state)
    assert state.current in (one.sha256, two.sha256), state
    whole_parts_of(run.store, state.current)
    ends += "1" if state.current == one.sha256 else "2"
    meet_and_promote(two)
    assert champions.current("digits") == two.sha256
    meet_and_promote(three)
    assert [event.release for event in champions.history("digits")] == [one.sha256, two.sha256, three.sha256]
    shutil.rmtree(root)
    shutil.copytree(before, root)
print(ends)
"""
)


def _script(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", text, *arguments]


def test_killed_between_any_two_writes_of_a_promotion_the_champion_is_valid(tmp_path: Path) -> None:
    command = _script(_KILLS, str(tmp_path), str(PROJECT / "tests/support/stores"))
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
    ends = done.stdout.strip()
    assert len(ends) >= 15
    assert ends == "1" * ends.count("1") + "2" * ends.count("2")
    assert min(ends.count("1"), ends.count("2")) >= 3


_RACE = (
    _SCRIPT
    + """
from storage.errors import ChampionMoved
challenger, comparison = make_release(run.store, sys.argv[3]), make_comparison(run.store, "promote")
met = challenge.fn(run, challenger=challenger)
print("ready", flush=True)
sys.stdin.readline()
try:
    promote.fn(run, challenger=challenger, champion=met, comparison=comparison)
    print(challenger.sha256)
except ChampionMoved:
    print("moved")
"""
)


def test_two_runs_that_promote_at_once_give_one_winner(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            _script(_RACE, str(tmp_path), str(PROJECT / "tests/support/stores"), name),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT,
        )
        for name in "ab"
    ]  # fmt: skip
    for run in runs:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()
    said = [run.communicate()[0].strip() for run in runs]
    assert said.count("moved") == 1
    (winner,) = set(said) - {"moved"}
    champions = Champions(tmp_path / "store")
    assert champions.current("digits") == winner
    assert [event.release for event in champions.history("digits")] == [winner]
