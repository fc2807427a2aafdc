"""storage.remote.title: one champion for all stores, whoever promotes, and histories that nobody joined."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.champions import Champions, Event, EventName, State
from storage.errors import ChampionMoved, RemoteDamaged, RemoteUnreachable, TwoChampions
from storage.remote.objects import Objects, opened
from storage.remote.title import Title


@pytest.fixture
def objects(remote_address: str) -> Objects:
    return opened(remote_address)


def _promote(champions: Champions, title: Title, name: str, event: EventName = "promoted") -> State:
    return champions.commit("digits", champions.state("digits"), Event(event, name * 32, name * 32, name), title.move)


def test_what_one_store_decides_is_so_in_the_other(objects: Objects, tmp_path: Path) -> None:
    title = Title(objects)
    one, other = Champions(tmp_path / "a"), Champions(tmp_path / "b")
    for number in range(3):
        title.agree(one, "digits")
        _promote(one, title, f"a{number}")
        with pytest.raises(ChampionMoved, match="another machine changed the champion"):
            _promote(other, title, f"b{number}")
        title.agree(other, "digits")
        assert other.current("digits") == f"a{number}" * 32
        _promote(other, title, f"c{number}")
    title.agree(one, "digits")
    assert one.history("digits") == other.history("digits") == title.history("digits")[0]
    assert one.state("digits") == other.state("digits") == title.state("digits")[0]
    assert [event.number for event in one.history("digits")] == list(range(1, 7))
    late = Champions(tmp_path / "c")
    for events in (one.history("digits")[:2], one.history("digits")[:5]):  # only what it lacks is read
        late.follow("digits", events)
        assert title.history("digits", late.history("digits")) == title.history("digits")
    title.agree(late, "digits")
    assert late.history("digits") == one.history("digits")
    assert title.history("digits", [*one.history("digits"), Event("pinned", "0" * 64, "0" * 64, "own")]) == (
        title.history("digits")
    )


def test_promotions_from_many_at_once_lose_none(objects: Objects, tmp_path: Path) -> None:
    def promote(machine: int) -> int:
        champions, won = Champions(tmp_path / str(machine)), 0
        for number in range(4):
            while True:
                Title(objects).agree(champions, "digits")
                try:
                    _promote(champions, Title(objects), f"{machine}{number}")
                except ChampionMoved:
                    continue
                won += 1
                break
        return won

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(promote, range(3))) == 12
    events = Title(objects).history("digits")[0]
    assert len(events) == len({event.release for event in events}) == 12


def test_two_champions_that_came_about_apart_are_refused_in_words(objects: Objects, tmp_path: Path) -> None:
    title = Title(objects)
    one, other = Champions(tmp_path / "a"), Champions(tmp_path / "b")
    for champions, name in ((one, "aa"), (other, "bb")):
        champions.commit("digits", State(), Event("promoted", name * 32, name * 32, "first"))
    title.agree(one, "digits")
    assert title.state("digits")[0].current == "aa" * 32
    with pytest.raises(
        TwoChampions, match=r"bbbbbbbbbbbb in this store, aaaaaaaaaaaa in the remote.*evergreen remote join digits"
    ):
        title.agree(other, "digits")
    with pytest.raises(ChampionMoved):
        _promote(other, title, "cc")
    assert other.current("digits") == "bb" * 32
    assert title.state("digits")[0].current == "aa" * 32


class _Breaks:
    """Objects whose answers get lost after so many changes; the last of them is done all the same."""

    def __init__(self, objects: Objects, changes: int) -> None:
        self._objects, self._left = objects, changes

    def __getattr__(self, name: str) -> object:
        def verb(*values: object) -> object:
            if name.startswith("put"):
                self._left -= 1
                if self._left < 0:
                    raise RemoteUnreachable("cut off")
                done = getattr(self._objects, name)(*values)
                if self._left == 0:
                    raise RemoteUnreachable("cut off")
                return done
            return getattr(self._objects, name)(*values)

        return getattr(self._objects, name) if name == "address" else verb


def test_broken_off_anywhere_both_agree_again(shared_folder: str, tmp_path: Path) -> None:
    objects = opened(shared_folder)
    one = Champions(tmp_path / "a")
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for number in range(30):
        broken = Title(_Breaks(objects, chance.randrange(3)))  # type: ignore[arg-type]
        for _ in range(2):
            try:
                broken.agree(one, "digits")
                _promote(one, broken, f"{number:02}")
            except RemoteUnreachable:
                continue
            break
    other = Champions(tmp_path / "b")
    Title(objects).agree(one, "digits")
    Title(objects).agree(other, "digits")
    assert one.history("digits") == other.history("digits"), seed
    assert [event.number for event in one.history("digits")] == list(range(1, len(one.history("digits")) + 1)), seed
    assert one.state("digits") == other.state("digits"), seed


@pytest.mark.parametrize("harm", ["altered", "truncated", "deleted"])
def test_an_event_that_was_harmed_is_named_and_no_champion_is_made_of_the_rest(
    objects: Objects, tmp_path: Path, harm: str
) -> None:
    title, one = Title(objects), Champions(tmp_path / "a")
    for number in range(3):
        _promote(one, title, f"a{number}")
    name = "champions/digits/00000001"
    data = objects.get(name)
    assert data
    objects.delete([name])
    if harm != "deleted":
        objects.put_new(name, data[:-9] if harm == "truncated" else data.replace(b'"number":1', b'"number":9'))
    late = Champions(tmp_path / "b")
    with pytest.raises(RemoteDamaged, match=rf"{name} of the remote .*: expected an event of a champion"):
        title.agree(late, "digits")
    assert late.history("digits") == []
    title.agree(one, "digits")
    _promote(one, title, "a3")  # who has the history goes on
    assert title.state("digits")[0].current == "a3" * 32
