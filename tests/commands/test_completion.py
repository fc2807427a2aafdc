"""commands.completion: what a shell is offered, and that neither Prefect nor TensorFlow is started for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Context
from typer.main import get_command

from commands import completion
from storage.store import Store


def _context(store: Store) -> Context:
    from commands.main import app

    context = Context(get_command(app))
    context.params = {"store": store.root}
    return context


def test_names_that_begin_so_are_offered(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "own.yaml").touch()
    for run in ("20260101-000000-aaaaaa", "20260102-000000-bbbbbb"):
        (store.root / "runs" / run).mkdir(parents=True)
    (store.root / "champions" / "digits").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert completion.recipes("cifar10-") == ["cifar10-fast", "cifar10-mobilenetv2"]
    assert completion.recipes("ow") == ["own"]
    assert completion.sweeps("ts") == ["tsel-augmentation", "tsel-backbones", "tsel"]
    assert completion.sweeps("dig") == ["digits"]
    assert completion.steps("s") == ["screen", "split"]
    assert completion.formats("o") == ["onnx", "openvino"]
    assert completion.runs(_context(store), "2026") == ["20260102-000000-bbbbbb", "20260101-000000-aaaaaa"]
    assert completion.champions(_context(store), "") == ["digits"]


def test_a_shell_is_answered_and_nothing_heavy_starts(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom commands.main import app\n"
        "sys.argv = ['evergreen']\n"
        "try: app(prog_name='evergreen')\nexcept SystemExit: pass\n"
        "print(sorted({'tensorflow', 'keras', 'prefect', 'numpy'} & set(sys.modules)), file=sys.stderr)\n"
    )
    asked = {"_EVERGREEN_COMPLETE": "complete_bash", "COMP_WORDS": "evergreen sweep tsel-b", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | asked, cwd=tmp_path)
    assert (done.stdout.split(), done.stderr) == (["tsel-backbones"], "[]\n")
