"""storage.champions: one champion a recipe, whatever happens while it changes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from storage.champions import Champions, Event, EventName, State
from storage.digests import sha256_bytes
from storage.errors import ArtifactDamaged, BadReference, ChampionMoved

PROJECT = Path(__file__).resolve().parents[2]


def _release(name: str) -> tuple[str, str]:
    """Return the digests of a release and of its model."""
    return sha256_bytes(f"release {name}".encode()), sha256_bytes(f"model {name}".encode())


def _do(champions: Champions, event: EventName, name: str) -> State:
    return champions.commit("digits", champions.state("digits"), Event(event, *_release(name), "because", "run"))


def _roll_back(champions: Champions) -> State:
    seen = champions.state("digits")
    assert seen.champion
    return champions.commit(
        "digits", seen, Event("rolled back", seen.champion.release, seen.champion.model, "by a person")
    )


@pytest.fixture
def champions(tmp_path: Path) -> Champions:
    return Champions(tmp_path / "store")


def test_before_the_first_promotion_there_is_none_and_nothing_on_disk(champions: Champions, tmp_path: Path) -> None:
    assert champions.current("digits") is None
    assert champions.state("digits") == State()
    assert champions.history("digits") == []
    assert champions.recipes() == []
    assert not (tmp_path / "store").exists()


def test_promotions_rejections_and_pins_are_one_history(champions: Champions) -> None:
    _do(champions, "promoted", "a")
    _do(champions, "rejected", "b")
    assert champions.current("digits") == _release("a")[0]
    _do(champions, "promoted", "c")
    assert _do(champions, "pinned", "c").pinned
    assert not _do(champions, "unpinned", "c").pinned
    state = champions.state("digits")
    assert state.champion
    assert (state.champion.release, state.champion.over) == (_release("c")[0], _release("a")[0])
    history = champions.history("digits")
    assert [event.event for event in history] == ["promoted", "rejected", "promoted", "pinned", "unpinned"]
    assert [event.number for event in history] == [1, 2, 3, 4, 5]
    assert [event.release for event in history][:3] == [_release(name)[0] for name in "abc"]
    assert all(event.time > "2026" and (event.reason, event.run) == ("because", "run") for event in history)
    assert champions.recipes() == ["digits"]
    assert champions.kept() == {_release(name)[0] for name in "abc"}
    assert champions.current("other") is None


def test_a_roll_back_blocks_what_it_leaves_until_it_is_promoted_by_name(champions: Champions) -> None:
    for name in "abc":
        _do(champions, "promoted", name)
    state = _roll_back(champions)
    assert (state.current, state.blocked) == (_release("b")[0], (_release("c")[1],))
    state = _roll_back(champions)
    assert (state.current, state.blocked) == (_release("a")[0], (_release("c")[1], _release("b")[1]))
    assert state.earlier == ()
    state = _do(champions, "promoted", "c")
    assert (state.current, state.blocked) == (_release("c")[0], (_release("b")[1],))
    assert [holder.release for holder in state.earlier] == [_release("a")[0]]


def test_no_one_steps_back_to_a_blocked_model(champions: Champions) -> None:
    for name in "abca":
        _do(champions, "promoted", name)
    state = _roll_back(champions)
    assert state.current == _release("c")[0]
    assert [holder.release for holder in state.earlier] == [_release("b")[0]]


def test_the_champions_model_released_anew_takes_its_place_and_keeps_its_story(champions: Champions) -> None:
    _do(champions, "promoted", "a")
    before = _do(champions, "promoted", "b")
    assert before.champion
    anew = sha256_bytes(b"more exports")
    after = champions.commit("digits", before, Event("promoted", anew, before.champion.model, "more exports"))
    assert after.champion == replace(before.champion, release=anew)
    assert after.earlier == before.earlier


def test_a_decision_on_what_is_no_longer_so_changes_nothing(champions: Champions) -> None:
    seen = champions.state("digits")
    _do(champions, "promoted", "a")
    with pytest.raises(ChampionMoved, match="another process changed the champion"):
        champions.commit("digits", seen, Event("promoted", *_release("b"), "late"))
    seen = champions.state("digits")
    _do(champions, "rejected", "c")  # changes nothing that a decision rests on
    assert champions.commit("digits", seen, Event("promoted", *_release("b"), "")).current == _release("b")[0]
    seen = champions.state("digits")
    _do(champions, "pinned", "b")
    with pytest.raises(ChampionMoved):
        champions.commit("digits", seen, Event("promoted", *_release("c"), "late"))
    assert len(champions.history("digits")) == 4


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".", "a" * 64, "x\n"])
def test_a_name_that_is_no_recipes_reaches_no_disk(champions: Champions, name: str) -> None:
    with pytest.raises(BadReference, match="expected a recipe's name"):
        champions.commit(name, State(), Event("promoted", *_release("a"), ""))
    with pytest.raises(BadReference):
        champions.current(name)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"champion": 1}', None])
def test_a_damaged_pointer_is_read_from_the_history(champions: Champions, tmp_path: Path, damage: bytes | None) -> None:
    for name in "abc":
        _do(champions, "promoted", name)
    state = _roll_back(champions)
    pointer = tmp_path / "store/champions/digits/champion.json"
    if damage is None:
        pointer.unlink()
    else:
        pointer.write_bytes(damage)
    assert champions.state("digits") == state
    assert _do(champions, "promoted", "d").current == _release("d")[0]
    assert json.loads(pointer.read_bytes())["champion"]["release"] == _release("d")[0]


def test_a_torn_end_of_the_history_is_cut_off_and_written_again(champions: Champions, tmp_path: Path) -> None:
    _do(champions, "promoted", "a")
    _do(champions, "promoted", "b")
    path = tmp_path / "store/champions/digits/history.jsonl"
    whole = path.read_bytes()
    for cut in (len(whole) - 1, len(whole) - 40, whole.index(b"\n") + 1, whole.index(b"\n") + 2):
        path.write_bytes(whole[:cut])
        assert [event.release for event in champions.history("digits")] == [_release("a")[0], _release("b")[0]]
    _do(champions, "promoted", "c")
    assert path.read_bytes().startswith(whole)
    assert [event.number for event in champions.history("digits")] == [1, 2, 3]


def test_a_line_that_is_no_event_is_named(champions: Champions, tmp_path: Path) -> None:
    _do(champions, "promoted", "a")
    path = tmp_path / "store/champions/digits/history.jsonl"
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(ArtifactDamaged, match="line 1 of "):
        champions.kept()


_RACE = """
import sys
from pathlib import Path
from storage.champions import Champions, Event
from storage.digests import sha256_bytes
from storage.errors import ChampionMoved
champions, name = Champions(Path(sys.argv[1])), sys.argv[2].encode()
seen = champions.state("digits")
print("ready", flush=True)
sys.stdin.readline()
try:
    champions.commit("digits", seen, Event("promoted", sha256_bytes(name), sha256_bytes(name + b" model"), "", ""))
    print("won")
except ChampionMoved:
    print("lost")
"""


def test_promotions_at_once_give_one_winner(champions: Champions, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _RACE, str(tmp_path / "store")]
    racers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
        for n in range(6)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate()[0].strip() for racer in racers]
    assert sorted(said) == ["lost"] * 5 + ["won"]
    winner = sha256_bytes(str(said.index("won")).encode())
    assert champions.current("digits") == winner
    assert [event.release for event in champions.history("digits")] == [winner]


_KILLS = """
import shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kill_points import kill_before_each_write
from storage.champions import Champions, Event, State
root, before = Path(sys.argv[1]) / "store", Path(sys.argv[1]) / "before"
def promote(name):
    champions = Champions(root)
    return champions.commit("digits", champions.state("digits"), Event("promoted", name * 64, name * 64, "", ""))
promote("a")
shutil.copytree(root, before)
ends = []
for number, killed in kill_before_each_write(lambda: promote("b")):
    champions = Champions(root)
    state = champions.state("digits")
    told = State()
    for event in champions.history("digits"):
        told = told.after(event)
    assert told == state, (told, state)
    assert state.current in ("a" * 64, "b" * 64), state
    ends.append(state.current[0])
    assert promote("c").current == "c" * 64
    assert [event.release[0] for event in champions.history("digits")] == sorted({"a", state.current[0], "c"})
    assert not list(root.rglob("*.part"))
    shutil.rmtree(root)
    shutil.copytree(before, root)
print("".join(ends))
"""


def test_killed_between_any_two_writes_the_champion_is_the_old_or_the_new(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLS, str(tmp_path), str(PROJECT / "tests/support/stores")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
    ends = done.stdout.strip()
    assert len(ends) >= 8
    assert ends == "a" * ends.count("a") + "b" * ends.count("b")
    assert min(ends.count("a"), ends.count("b")) >= 2
