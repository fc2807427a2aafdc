"""runs.deciding.writing: one decision at a time, whoever else writes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evergreen.decisions.decision import Decision
from evergreen.errors import BadInput, BadRecipe
from runs.deciding import writing
from runs.deciding.writing import LabelsFile


def test_pages_of_several_processes_and_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photos.labels.yaml"
    script = (
        "import sys; from pathlib import Path; from evergreen.decisions.decision import Decision\n"
        "from runs.deciding.writing import LabelsFile\n"
        "for n in range(20): LabelsFile(Path(sys.argv[1])).set(f'{n:02}' * 32, Decision('keep'))"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)]) as other, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: LabelsFile(path).set(f"{n:02}" * 32, Decision("leave out")), range(50, 80)))
        assert other.wait(60) == 0
    assert len(LabelsFile(path).read().made) == 20 + 30
    assert list(tmp_path.iterdir()) == [path]  # no lock beside it


def test_what_is_written_cut_off_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LabelsFile(tmp_path / "x.labels.yaml")
    file.set("1" * 64, Decision("keep"))
    before = file.path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "replace", full)
    with pytest.raises(BadInput, match="No space left on device; choose another file"):
        file.set("2" * 64, Decision("keep"))
    assert file.path.read_bytes() == before


def test_links_stay_and_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "photos.labels.yaml"
    link.symlink_to(real)
    assert LabelsFile(link).set("1" * 64, Decision("keep")) == (True, None)
    assert link.is_symlink()
    assert LabelsFile(link).set("1" * 64, None, lambda now: now is None) == (False, Decision("keep"))
    assert len(LabelsFile(real).read().made) == 1
    real.write_text("<<<<<<< ours\n")
    with pytest.raises(BadRecipe, match="merge of Git"):
        LabelsFile(link).set("1" * 64, Decision("keep"))
    assert real.read_text() == "<<<<<<< ours\n"


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--set labels\.decisions=FILE"):
        LabelsFile(tmp_path / "none" / "x.labels.yaml").set("1" * 64, Decision("keep"))
