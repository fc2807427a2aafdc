"""storage.memo: a cache that may be deleted, damaged, and shared."""

import subprocess
import sys
from pathlib import Path

from storage import memo as module
from storage.memo import Memo


def test_values_come_back(tmp_path: Path) -> None:
    memo = Memo(tmp_path / "below" / "memo.sqlite")
    assert memo.get(["a"]) == {}
    assert not (tmp_path / "below").exists()
    memo.put({str(number): {"value": number} for number in range(1200)})
    memo.put({"7": {"value": "seven"}})
    assert Memo(tmp_path / "below" / "memo.sqlite").get(["7", "1199", "none"]) == {
        "7": {"value": "seven"},
        "1199": {"value": 1199},
    }
    assert len(memo.get(str(number) for number in range(2000))) == 1200


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "memo.sqlite"
    Memo(path).put({"a": 1})
    path.write_bytes(b"no database" * 1000)
    assert Memo(path).get(["a"]) == {}
    Memo(path).put({"a": 2})
    assert Memo(path).get(["a"]) == {"a": 2}


def test_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "memo.sqlite"
    script = (
        "import sys; from pathlib import Path; from storage.memo import Memo\n"
        "for n in range(60): Memo(Path(sys.argv[1])).put({f'{sys.argv[2]}-{n}': n})"
    )
    project = Path(module.__file__).parents[1]
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path), str(n)], cwd=project) for n in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert len(Memo(path).get(f"{which}-{n}" for which in range(4) for n in range(60))) == 240
