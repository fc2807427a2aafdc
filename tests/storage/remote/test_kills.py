"""push and collect, killed (-9): before each of their writes, and at system calls that are drawn at random."""

import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[2] / "support" / "stores"
DRAWS = 50

_KILLS = """
import os, shutil, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kill_points import kill_before_each_write
from little_store import STEPS
from machines import Machine
from storage.champions import Champions
from storage.remote.collecting import collect
from storage.remote.objects import opened
from storage.remote.title import Title
root, what = Path(sys.argv[1]), sys.argv[3]
shared, kept = root / "shared", root / "kept"
shared.mkdir()
folder = opened(str(shared))
first = Machine(root / "a", folder)
for name in ("one", "old"):
    first.little.run(name)
if what == "collect":
    for name in ("one", "old"):
        first.push(name)
    first.little.promote("one")
    Title(folder).agree(Champions(first.store.root), "digits")
    for path in shared.rglob("*"):
        os.utime(path, (time.time() - 9e6,) * 2)
shutil.copytree(shared, kept)
act = {"push": lambda: Machine(root / "a", folder).push("one"), "collect": lambda: collect(first.remote, 30)}[what]
for number, killed in kill_before_each_write(act):
    other = Machine(root / "b", folder)
    for name in ("one", "old"):
        for step in STEPS:
            key = other.little.key(name, step)
            if folder.get(f"records/{key}") and other.little.records.read(key):
                assert other.behind.bring_all(other.little.output(name, step)) == [], (number, name, step)
            elif what == "push":
                assert folder.get(f"runs/digits/{name}.json") is None, (number, name, step)
    if what == "collect" or not killed:
        other.little.check_bytes("one")
    for path in (shared, root / "b", root / "a" / "remote"):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(kept, shared)
print(number)
"""


@pytest.mark.soak
@pytest.mark.parametrize("what", ["push", "collect"])
def test_killed_before_any_write_the_remote_names_nothing_that_is_gone(tmp_path: Path, what: str) -> None:
    command = [sys.executable, "-c", _KILLS, str(tmp_path), str(SUPPORT), what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


_DRAWN = """
import os, random, shutil, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from machines import Machine
from system_calls import alone, killed_at
from storage.champions import Champions
from storage.remote.collecting import collect, garbage
from storage.remote.objects import opened
from storage.remote.title import Title
root, what, base, draws = Path(sys.argv[1]), sys.argv[3], sys.argv[4], int(sys.argv[5])
seed = int(os.environ.get("KILLS_SEED") or random.randrange(10**9))
print("KILLS_SEED", seed, flush=True)
real, fsync = time.time, os.fsync
os.fsync = lambda _: None  # but in what is killed

def machine(name, days=0.0):
    "A machine of one process, whose clock goes ahead; objects are as old then."
    time.time = lambda: real() + days * 86_400
    return Machine(root / name, opened(address))

def begin():
    first = machine("a")
    if not (root / "a" / "champions").exists():
        for name in ("old", "one"):
            first.little.run(name)
        first.little.promote("one")
    first.push("old")
    if what == "collect":
        first.push("one")
        Title(first.remote.objects).agree(Champions(first.store.root), "digits")

def act():
    os.fsync = fsync
    if what == "push":
        machine("a").push("one")
    else:
        collect(machine("a", days=100).remote, 30)

def look():
    machine("b").verify()
    needed = "old" if what == "push" else "one"
    machine("c").little.check_bytes(needed)
    if killed and machine("c").remote.run("runs/digits/one.json"):
        machine("c").little.check_bytes("one")
    here = machine("a")
    here.store.behind = None
    here.little.check("one")

def again():
    if what == "push":
        machine("a").push("one")
    else:
        late = machine("a", days=100.1)
        collect(late.remote, 30)
        assert garbage(machine("d", days=100.1).remote, 30).names == []
        assert machine("d").remote.run("runs/digits/old.json") is None
    machine("e").verify()
    machine("e").little.check_bytes("one")
    if what == "collect":
        machine("a", days=100.2).push("old", surely=True)
        machine("f").little.check_bytes("old")

chance, at, kills, total = random.Random(seed), 0, 0, 0
for draw in range(3 * draws):
    address = f"{base}/{draw}"
    if "://" not in address:
        Path(address).mkdir()
    alone(begin)
    began, killed = killed_at(at, act)
    kills += killed
    if not killed:  # the first one; or it made fewer calls than another time: threads wait for each other more or less
        total = began
    try:
        alone(look)
        alone(again)
    except RuntimeError:
        sys.exit(f"seed {seed}, draw {draw}, killed at system call {at} of about {total}")
    if kills == draws:
        break
    at = chance.randint(1, total)
    for name in ("a/remote", *"bcdef"):
        shutil.rmtree(root / name, ignore_errors=True)
print(total, kills)
"""


@pytest.mark.soak
@pytest.mark.parametrize("what", ["push", "collect"])
@pytest.mark.parametrize("kind", ["shared_folder", "seaweed_s3"])
def test_killed_at_system_calls_drawn_at_random_the_remote_verifies_and_the_next_one_completes(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, what: str
) -> None:
    remote_address = request.getfixturevalue(kind)
    command = [sys.executable, "-c", _DRAWN, str(tmp_path), str(SUPPORT), what, remote_address, str(DRAWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)  # the seed: KILLS_SEED repeats the draws
    if "lets no process trace" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    total, kills = map(int, done.stdout.splitlines()[-1].split())
    assert total > 100
    assert kills == DRAWS
