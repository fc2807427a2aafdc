"""evergreen.images.processes.budget: what decoders may take, by the picture and the machine."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evergreen.images.processes.budget import Room, budget, free_memory, sizes

GIB = 2**30


@pytest.mark.parametrize("free", [4 * GIB, 20 * GIB, 500 * GIB])
@pytest.mark.parametrize("cores", [1, 2, 64])
def test_what_one_worker_may_take_depends_on_no_machine_and_all_fit_into_it(free: int, cores: int) -> None:
    granted = budget(50, cores, free)
    assert (granted.each, granted.short) == (256 * 2**20 + 50_000_000 * 48, False)
    assert 1 <= granted.workers <= cores
    assert granted.workers * granted.each <= free
    assert granted.workers == cores or (granted.workers + 1) * granted.each > 0.8 * free


def test_a_machine_with_too_little_for_one_gives_what_it_has_and_says_so() -> None:
    granted = budget(50, 8, GIB)
    assert (granted.workers, granted.each, granted.short) == (1, int(0.8 * GIB), True)
    assert budget(50, 8, 0).each > 0


@pytest.mark.parametrize(
    ("limit", "expected"), [(150, [25, 50, 100, 150]), (50, [25, 50]), (25, [25]), (10, [10]), (26, [25, 26])]
)
def test_pictures_are_decoded_in_turn_up_to_the_limit(limit: float, expected: list[float]) -> None:
    assert sizes(limit) == expected


def test_ordinary_photos_have_two_workers_where_the_largest_picture_would_leave_none() -> None:
    small = 4 * GIB
    assert budget(sizes(150)[0], 2, small).workers == 2
    assert budget(150, 2, small).short


@pytest.mark.parametrize(("megapixels", "most"), [(0.01, 8), (24, 4), (400, 1)])
def test_no_more_pictures_are_decoded_at_once_than_memory_carries(megapixels: float, most: int) -> None:
    room, lock = Room(8 * GIB), threading.Lock()
    now, seen = 0, 0

    def decode(_: int) -> None:
        nonlocal now, seen
        with room.of(megapixels):
            with lock:
                now += 1
                seen = max(seen, now)
            time.sleep(0.02)
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, range(24)))
    assert seen == most


def _machine(folder: Path, cgroup: str, files: dict[str, str]) -> dict[str, Path]:
    told = {"proc/meminfo": "MemTotal:  16000000 kB\nMemAvailable:  8000000 kB\n", "proc/self/cgroup": cgroup}
    for name, text in (told | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "groups").mkdir(exist_ok=True)
    return {"proc": folder / "proc", "groups": folder / "groups"}


def test_without_control_groups_free_memory_is_the_machines(tmp_path: Path) -> None:
    assert free_memory(**_machine(tmp_path, "", {})) == 8_000_000 * 1024


def test_a_control_group_above_ours_counts_and_files_in_memory_are_free(tmp_path: Path) -> None:
    above = {"memory.max": f"{GIB}\n", "memory.current": "300000000\n", "memory.stat": "anon 1\ninactive_file 100\n"}
    ours = {"memory.max": "max\n", "memory.current": "5\n", "memory.stat": "inactive_file 1\n"}
    files = {f"groups/docker/{name}": text for name, text in above.items()}
    files |= {f"groups/docker/x/{name}": text for name, text in ours.items()}
    assert free_memory(**_machine(tmp_path, "0::/docker/x\n", files)) == GIB - 300_000_000 + 100


def test_version_1_counts_too_also_where_the_path_is_the_hosts(tmp_path: Path) -> None:
    limits = {
        "memory.limit_in_bytes": f"{GIB}\n", "memory.usage_in_bytes": "7\n", "memory.stat": "total_inactive_file 3\n",
    }  # fmt: skip
    files = {f"groups/memory/{name}": text for name, text in limits.items()}
    assert free_memory(**_machine(tmp_path, "4:memory:/docker/abc\n0::/\n", files)) == GIB - 4


def test_where_there_is_no_proc_the_library_is_asked(tmp_path: Path) -> None:
    assert free_memory(tmp_path / "none") > 2**20


def test_this_machine_has_some() -> None:
    assert free_memory() > 2**20
