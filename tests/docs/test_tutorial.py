"""docs/tutorial.md: every command of it, in its order, on a server of its own."""

import re
import subprocess
from pathlib import Path

import pytest
from station import PROJECT, SERVER, WORKER, Station

TUTORIAL = PROJECT / "docs/tutorial.md"
BLOCKS = re.findall(r"^```sh( background)?\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_its_yaml_is_good() -> None:
    import yaml

    from evergreen.recipe import load_recipe

    text = TUTORIAL.read_text(encoding="utf-8")
    example, deployment = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    load_recipe("digits", [f"retrain_when={yaml.safe_load(example)['retrain_when']}".replace("'", "")])
    file = (PROJECT / "prefect.yaml").read_text(encoding="utf-8") + "\n" + deployment
    assert yaml.safe_load(file)["deployments"][-1]["entrypoint"] == "flows/retrain.py:retrain"


@pytest.mark.soak
def test_every_command_works(tmp_path: Path) -> None:
    live = Station(tmp_path)
    environment = live.environment | {"PORT": str(live.port)}
    exported: list[str] = []
    try:
        for background, block in BLOCKS:
            if background:
                live.start({"make dashboard": SERVER, "make worker": WORKER}[block.strip()])
                continue
            commands = block.replace("127.0.0.1:4200", f"127.0.0.1:{live.port}")
            script = "\n".join(["set -e", *exported, commands])
            done = subprocess.run(
                ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
            exported += [line for line in commands.splitlines() if line.startswith("export ")]
        names = {run["name"]: run["state_type"] for run in live.runs("retrain-digits") if not run["auto_scheduled"]}
        assert len(names) >= 3
        assert set(names.values()) == {"COMPLETED"}
        assert "retrain digits: nothing changed" in names
        assert [name for name in names if name.startswith("retrain digits: same model, export, ")]
        assert len(live.ask("automations/filter")) == 2
    finally:
        live.stop()
