"""runs.shared.joining: the gate says which of two champions stays, and no history is lost, however it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from releases import leave_record, make_release

from evergreen.errors import BadInput
from evergreen.recipe import load_recipe
from evergreen.release.judge import Comparison
from evergreen.tables import to_csv
from runs.releases import parts_of, release_of, whole_parts_of
from runs.shared import joining
from runs.shared.joining import join
from runs.shared.opening import opened
from runs.shared.sharing import agree, moved
from storage.artifacts import Ref
from storage.champions import Champions, Event
from storage.digests import sha256_bytes
from storage.errors import RemoteAbsent
from storage.steps.keys import KeyParts
from storage.store import Store

PROJECT = Path(__file__).resolve().parents[3]
RECIPE = load_recipe("digits", ["gate={min_images: 30}"])
CLASSES = ["bright", "dark"]
Say = list[str]


@pytest.fixture
def stores(shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """Stores of machines that have one remote."""
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    return [opened(tmp_path / name) for name in "abc"]


@pytest.fixture(scope="module")
def model() -> bytes:
    """A model of 8x8 images that calls everything bright whose mean is over 100."""
    from evergreen.vision.networks import runtime

    runtime.start()
    import keras

    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(2, activation="softmax", name="scores")(keras.layers.GlobalAveragePooling2D()(inputs))
    made = keras.Model(inputs, outputs)
    made.get_layer("scores").set_weights([np.array([[1.0, -1.0]] * 3), np.array([-300.0, 300.0])])
    return _bytes_of(made)


def _bytes_of(model: Any) -> bytes:
    import tempfile

    from evergreen.vision.networks import saving

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        saving.save(model, path)
        return path.read_bytes()


def _released(store: Store, png: Callable[..., bytes], model: bytes, *, wrong: int, first: int) -> Ref:
    """Publish a release as a run bundles it, whose model is wrong on so many of its 40 test images.

    Of each class every fifth test image looks like the other class; two images more were learned from.
    """
    rows = []
    for at, (label, shade, other) in enumerate((("bright", 180, 20), ("dark", 20, 180))):
        for number in range(21):
            grey = other if number % 5 == 4 else shade
            data = png(first + number + 100 * at, (9, 7), (grey, grey, grey))
            store.put_blob(data)
            side = "test" if number < 20 else "train"
            sha256 = sha256_bytes(data)
            rows.append((f"{label}/{number}", label, sha256, 9, 7, f"pixels {sha256}", sha256[:16], side))
    columns = ["path", "label", "sha256", "width", "height", "pixels", "phash", "split"]
    dataset = pd.DataFrame(rows, columns=columns)
    right = [number >= wrong for number in range(len(dataset))]
    said = dataset["label"].where(right, dataset["label"].map({"bright": "dark", "dark": "bright"}))
    predictions = dataset[["path", "label", "split"]].assign(predicted=said)
    about = {"classes": CLASSES}
    image = RECIPE.image.model_copy(update={"height": 8, "width": 8}).model_dump(mode="json")
    proofs = [{"format": name, "verified": "passed"} for name in RECIPE.gate.require_verified]
    parts = {
        "dataset": store.publish("dataset", {"dataset.csv": to_csv(dataset)}, about),
        "model": store.publish("model", {"model.keras": model}, {**about, "image": image, "of": first}),
        "evaluation": store.publish(
            "evaluation",
            {"predictions.csv": to_csv(predictions), "verdict.json": b'{"verdict": "good fit"}'},
            {},
        ),
        "exports": store.publish("exports", {"of.txt": str(first).encode()}, {}),
        "verification": store.publish("verification", {"verification.json": json.dumps(proofs).encode()}, {}),
    }
    manifest = release_of("digits", parts)
    release = store.publish(manifest.kind, {}, manifest.facts)
    key = KeyParts("bundle", 1, {name: ref.sha256 for name, ref in parts.items()}, {"name": "digits"}, {}, {})
    leave_record(store, key, release, inputs=dict(key.inputs))
    return release


def _crown(store: Store, release: Ref, event: Any = "promoted") -> None:
    """Decide as before there was a remote."""
    champions = Champions(store.root)
    model = parts_of(store, release.sha256)["model"].sha256
    champions.commit("digits", champions.state("digits"), Event(event, release.sha256, model, "before", "a-run"))


def _told(store: Store) -> list[tuple[str, str]]:
    return [(event.event, event.release) for event in Champions(store.root).history("digits")]


def _apart(stores: list[Store]) -> list[Ref]:
    """Let each store have a champion, the first of them in the remote, without anything that can be judged."""
    releases = [make_release(store, name) for store, name in zip(stores, "abc", strict=True)]
    for store, release in zip(stores, releases, strict=True):
        _crown(store, release)
    assert agree(stores[0], "digits") == []
    return releases


@pytest.mark.parametrize(("wrong", "wins"), [(2, True), (20, False)])
def test_the_gate_says_which_stays_and_both_go_on_with_it(
    stores: list[Store], png: Callable[..., bytes], model: bytes, wrong: int, wins: bool
) -> None:
    one, other, _ = stores
    theirs = _released(one, png, model, wrong=0, first=1000)  # right on 32 of the other's 40
    own = _released(other, png, b"not run", wrong=wrong, first=2000)
    _crown(one, theirs)
    _crown(other, own)
    agree(one, "digits")
    [refused] = agree(other, "digits")
    assert refused.endswith("evergreen remote join digits")
    before = Champions(other.root).history("digits")
    joined = join(opened(other.root), RECIPE, None, print)
    winner = own if wins else theirs
    assert (joined.own, joined.remote, joined.champion) == (own.sha256, theirs.sha256, winner.sha256)
    assert "against the champion's 80.00% on 40 shared images" in joined.reason
    assert agree(one, "digits") == agree(other, "digits") == []
    assert _told(one) == [("promoted", theirs.sha256), ("promoted" if wins else "rejected", own.sha256)]
    assert Champions(one.root).history("digits") == Champions(other.root).history("digits")
    assert whole_parts_of(opened(one.root), own.sha256), "who is named in the history is in the remote"
    [aside] = joined.aside
    assert [Event(**json.loads(line)) for line in aside.read_text("utf-8").splitlines()] == before
    assert own.sha256 in Champions(other.root).kept()
    again = join(opened(other.root), RECIPE, None, print)
    assert (again.champion, again.reason) == (winner.sha256, "both have one history already")
    assert len(_told(one)) == 2


def test_what_cannot_be_compared_changes_nothing_until_a_person_decides(
    stores: list[Store], png: Callable[..., bytes]
) -> None:
    one, other, third = stores
    theirs = _released(one, png, b"not run", wrong=2, first=1000)
    mine = [_released(store, png, b"not run", wrong=2, first=first) for store, first in ((other, 2000), (third, 3000))]
    for store, release in zip(stores, (theirs, *mine), strict=True):
        _crown(store, release)
    agree(one, "digits")
    strict = load_recipe("digits", ["gate={min_images: 41}"])
    with pytest.raises(BadInput, match=r"cannot compare .*min_images asks for 41.*\n.*--keep own\n.*--keep remote$"):
        join(other, strict, None, print)
    assert _told(other) == [("promoted", mine[0].sha256)]
    assert agree(one, "digits") == []
    assert _told(one) == [("promoted", theirs.sha256)]
    assert join(other, strict, "own", print).champion == mine[0].sha256
    assert join(third, strict, "remote", print).champion == mine[0].sha256
    agree(one, "digits")
    assert _told(one)[1:] == [("promoted", mine[0].sha256), ("rejected", mine[1].sha256)]
    reasons = [event.reason for event in Champions(one.root).history("digits")[1:]]
    assert all(reason.endswith("the gate was not asked") for reason in reasons)
    assert _told(one) == _told(third)


def test_what_is_pinned_is_replaced_on_neither_side_and_lost_blocks_are_said(stores: list[Store]) -> None:
    one, other, _ = stores
    theirs, own, _ = _apart(stores)
    _crown(other, make_release(other, "d"))
    _crown(other, own)
    _crown(other, own, "rolled back")
    _crown(other, own, "pinned")
    with pytest.raises(BadInput, match=r"is pinned here.*\n    try: EVERGREEN_REMOTE= evergreen unpin digits"):
        join(other, RECIPE, "own", print)
    _crown(other, own, "unpinned")
    champions = Champions(one.root)
    pinned = Event("pinned", theirs.sha256, parts_of(one, theirs.sha256)["model"].sha256, "by a person")
    champions.commit("digits", champions.state("digits"), pinned, lambda *states: moved(one, *states))
    with pytest.raises(BadInput, match=r"in the remote is pinned. Nothing was changed"):
        join(other, RECIPE, "own", print)
    assert join(other, RECIPE, "remote", print).unblocked == (parts_of(other, own.sha256)["model"].sha256,)


def test_who_meets_a_champion_that_was_replaced_meanwhile_meets_the_new_one(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = stores
    theirs, own, _ = _apart(stores)
    newer = make_release(one, "newer")
    met: Say = []

    def judged(_run: Any, _dataset: Ref, _evaluation: Ref, _verification: Ref, champion: str, _bits: int) -> Comparison:
        if not met:  # another machine promotes while the gate judges
            champions = Champions(one.root)
            event = Event("promoted", newer.sha256, parts_of(one, newer.sha256)["model"].sha256, "newer", "a-run")
            champions.commit("digits", champions.state("digits"), event, lambda *states: moved(one, *states))
        met.append(champion)
        return Comparison("promote" if champion == theirs.sha256 else "rejected", "as it is", [], "test", 1.0, 40)

    monkeypatch.setattr(joining, "judged", judged)
    said: Say = []
    assert join(other, RECIPE, None, said.append).champion == newer.sha256
    assert met == [theirs.sha256, newer.sha256]
    assert [text.partition(":")[0] for text in said] == ["compared anew"]
    assert _told(other) == [
        ("promoted", theirs.sha256), ("promoted", newer.sha256), ("rejected", own.sha256),
    ]  # fmt: skip


def test_where_there_is_nothing_to_judge_the_gate_is_not_asked(stores: list[Store]) -> None:
    one, other, third = stores
    theirs = make_release(one, "a")
    _crown(one, theirs)
    agree(one, "digits")
    _crown(other, make_release(other, "b"), "rejected")
    assert join(other, RECIPE, None, print).reason == "this store had no champion"
    _crown(third, make_release(third, "a"))
    assert join(third, RECIPE, None, print).reason == "both are the same model"
    assert _told(one) == _told(other) == _told(third) == [("promoted", theirs.sha256)]
    assert [len(Champions(store.root).aside("digits")) for store in stores] == [0, 1, 1]


def test_stores_that_join_at_once_all_go_on_with_one_history(stores: list[Store]) -> None:
    releases = _apart(stores)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda store: join(store, RECIPE, "own", print), stores[1:]))
    for store in stores:
        agree(store, "digits")
    assert _told(stores[0]) == _told(stores[1]) == _told(stores[2])
    assert _told(stores[0])[0] == ("promoted", releases[0].sha256)
    assert sorted(_told(stores[0])[1:]) == sorted(("promoted", release.sha256) for release in releases[1:])


def test_without_the_remote_nothing_is_joined(stores: list[Store], shared_folder: str, tmp_path: Path) -> None:
    _, own, _ = _apart(stores)
    Path(shared_folder).rename(tmp_path / "away")
    with pytest.raises(RemoteAbsent):
        join(stores[1], RECIPE, "own", print)
    assert _told(stores[1]) == [("promoted", own.sha256)]


_KILLS = """
import os, shutil, sys
from pathlib import Path
here = Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
os.environ["EVERGREEN_REMOTE"] = str(here / "now" / "remote")
from kill_points import kill_before_each_write
from releases import make_release
from evergreen.recipe import load_recipe
from runs.releases import parts_of
from runs.shared.joining import join
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import agree
from storage.champions import Champions, Event, State
from storage.remote.title import Title
now, before, recipe = here / "now", here / "before", load_recipe("digits")
(now / "remote").mkdir(parents=True)
def crowned(name):
    store = opened(now / name)
    release = make_release(store, name).sha256
    model = parts_of(store, release)["model"].sha256
    Champions(store.root).commit("digits", State(), Event("promoted", release, model, "before"))
    return store, release
(one, theirs), (other, own) = crowned("a"), crowned("b")
agree(one, "digits")
champions, title = Champions(other.root), Title(behind_of(other).remote.objects)
mine, shared = champions.history("digits"), title.history("digits")[0]
shutil.copytree(now, before)
ends = ""
for number, killed in kill_before_each_write(lambda: join(opened(other.root), recipe, "remote", print), every=5):
    there, here_now = title.history("digits")[0], champions.history("digits")
    assert [event.release for event in there] in ([theirs], [theirs, own]), there
    assert here_now in (mine, there), here_now
    ends += "0" if len(there) == 1 else "1" if here_now == mine else "2"
    join(opened(other.root), recipe, "remote", print)
    assert [event.release for event in title.history("digits")[0]] == [theirs, own]
    assert champions.history("digits") == title.history("digits")[0]
    assert champions.state("digits") == State.told_by(champions.history("digits"))
    assert len(champions.aside("digits")) == 1
    shutil.rmtree(now)
    shutil.copytree(before, now)
print(ends)
"""


def test_killed_between_any_two_writes_the_next_join_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLS, str(tmp_path), str(PROJECT / "tests/support/stores")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stderr
    ends = done.stdout.split()[-1]
    assert ends == "".join(sorted(ends))
    assert set(ends) == {"0", "1", "2"}
