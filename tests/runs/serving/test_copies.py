"""runs.serving.copies: copies of a killed service are deleted by the next one, those of one that lives are not."""

import subprocess
import sys
from pathlib import Path

from runs.serving.copies import folder_of_copies

_HOLDS = """
import sys, time
from pathlib import Path
from runs.serving.copies import folder_of_copies
with folder_of_copies(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_what_a_killed_service_left_is_deleted_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        (theirs / "model.tflite").write_bytes(b"model")
        with folder_of_copies(tmp_path) as ours:
            assert theirs.is_dir()
            assert ours.stat().st_mode & 0o077 == 0
        assert not ours.exists()
        other.kill()
        other.wait()
        (tmp_path / "evergreen-serve-file").touch()
        with folder_of_copies(tmp_path):
            assert not theirs.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["evergreen-serve-file"]
