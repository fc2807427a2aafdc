"""Two machines that promote at once, a hundred times: processes, homes and stores of their own, one remote."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from remotes import BUCKETS

from runs.releases import parts_of
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import agree
from storage.champions import Champions, State
from storage.remote.title import Title

PROJECT = Path(__file__).parents[3]
ROUNDS = 100

# For each line that it is told, a challenger meets the champion; at the next line it is promoted, as a run does.
_MACHINE = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/support/stores")
from releases import make_comparison, make_release
from evergreen.recipe import load_recipe
from runs.run import Entry, Run
from runs.shared.opening import opened
from runs.shared.sharing import agree, committed
from runs.standing import decide, opponent_of
from storage.errors import ChampionMoved
name, recipe = sys.argv[1], load_recipe("digits")
for number, _ in enumerate(sys.stdin):
    run = Run(opened(Path.home() / "store"), recipe, f"{name}-{number}", "digits")
    store = run.store
    release, comparison = make_release(store, run.id), make_comparison(store, "promote")
    record = next(record for record in run.records.all("bundle") if record.output == release)
    run.journal.add(Entry("bundle", "ran", "first run", 1.0, record.output, record.key, record.inputs))
    agree(store, "digits")
    moved = 0
    while True:
        manifest = opponent_of(store, "digits", release)
        met = store.publish(manifest.kind, {}, manifest.facts)
        decision = decide(store, "digits", release, met, comparison, run.id)
        if not moved:
            print("ready", flush=True)
            sys.stdin.readline()
        try:
            done, why_not = committed(run, decision)
        except ChampionMoved:
            moved += 1
            continue
        assert not why_not, why_not
        assert done.manifest.facts["champion"] == release.sha256
        break
    print(moved, flush=True)
"""


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["shared_folder", *BUCKETS])
def test_one_wins_each_round_and_no_event_is_lost(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERGREEN_REMOTE", request.getfixturevalue(kind))
    monkeypatch.delenv("EVERGREEN_STORE", raising=False)
    machines = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        machines.append(
            subprocess.Popen(
                [sys.executable, "-c", _MACHINE, name],
                env=os.environ | {"HOME": str(tmp_path / name)},
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    try:
        first = [_round(machines) for _ in range(ROUNDS)]
    finally:
        for machine in machines:
            machine.communicate()
    assert [machine.returncode for machine in machines] == [0, 0]
    # Who lost met the new champion and won then, against nobody.
    assert {tuple(sorted(moved)) for moved in first} == {(0, 1)}
    assert len(set(first)) == 2, "each of the two was the first at times"

    stores = [opened(tmp_path / name / "store") for name in ("a", "b", "c")]
    for store in stores:
        assert agree(store, "digits") == []
    behind = behind_of(stores[2])
    assert behind is not None
    events, _ = Title(behind.remote.objects).history("digits")
    assert [event.number for event in events] == list(range(1, 2 * ROUNDS + 1))
    assert sorted(event.run for event in events) == sorted(f"{name}-{n}" for name in ("a", "b") for n in range(ROUNDS))
    for number, moved in enumerate(first):
        assert events[2 * number].run == f"{'ab'[moved.index(0)]}-{number}", "the one who won is the one who is named"
    for store in stores:
        assert Champions(store.root).history("digits") == events
        assert Champions(store.root).state("digits") == State.told_by(events)
    for event in events:
        assert all(stores[2].is_whole(part) for part in parts_of(stores[2], event.release).values())


def _round(machines: list[subprocess.Popen[str]]) -> tuple[int, int]:
    """Let both decide on the same champion and then promote at once; return how often each found that it had moved."""
    _tell(machines, "decide")
    assert [_answer(machine) for machine in machines] == ["ready", "ready"]
    _tell(random.sample(machines, 2), "promote")
    one, other = (int(_answer(machine)) for machine in machines)
    return one, other


def _tell(machines: list[subprocess.Popen[str]], what: str) -> None:
    for machine in machines:
        assert machine.stdin is not None
        machine.stdin.write(f"{what}\n")
        machine.stdin.flush()


def _answer(machine: subprocess.Popen[str]) -> str:
    assert machine.stdout is not None
    return machine.stdout.readline().strip()
