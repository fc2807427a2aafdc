"""commands.looking.deciding: the page is served until Ctrl-C, which says what was decided and what to type next."""

import contextlib
import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import ctrl_c
import pandas as pd
import pytest
from asking import CLASSES, ROWS

from commands.looking.deciding import ask_a_person, fix, retrain_line
from evergreen.datasets.screen import CONFLICT
from evergreen.recipe import load_recipe
from evergreen.recipe_files import Typed
from evergreen.tables import to_csv
from runs.deciding.server import TOKEN_HEADER, DecidingServer
from runs.deciding.session import Session
from runs.tables import LOOKALIKES, SUSPECTS, publish_dataset
from storage.store import Store

SCRIPT = """
import json, sys
from pathlib import Path
from commands.looking.deciding import ask_a_person
from evergreen.recipe import load_recipe
from storage.store import Store
store, recipe, rows, classes = sys.argv[1:]
ask_a_person(load_recipe(recipe), Store(Path(store)), json.loads(rows), json.loads(classes), who="Anna")
print(sorted({"tensorflow", "keras", "prefect", "pandas"} & set(sys.modules)))
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "my waste.yaml"
    path.write_text("name: waste\nsource: {local: {path: x}}\n")
    return path


def test_it_is_served_until_interrupted_and_says_what_comes_next(
    store: Store, recipe: Path, png: Callable[..., bytes]
) -> None:
    data = png()
    digest = hashlib.sha256(data).hexdigest()
    store.put_blob(data)
    rows = [{**ROWS[0], "sha256": digest}, ROWS[1]]
    command = [sys.executable, "-c", SCRIPT, str(store.root), str(recipe), json.dumps(rows), json.dumps(CLASSES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=ctrl_c.heard) as running:
        assert running.stdout
        lines = [running.stdout.readline() for _ in range(3)]
        file = recipe.with_name("my waste.labels.yaml")
        assert lines[0] == f"decide  2 pictures; what you decide goes to {file}, as Anna\n"
        found = re.fullmatch(r"open    (http://127\.0\.0\.1:\d+)/#(\S{43})\n", lines[1])
        assert found
        address, token = found.groups()

        def ask(path: str, said: dict[str, str] | None = None) -> bytes:
            headers = {TOKEN_HEADER: token, "Content-Type": "application/json", "Origin": address}
            body = json.dumps(said).encode() if said else None
            with contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as client:
                client.request("POST" if body else "GET", path, body, headers)
                return client.getresponse().read()

        assert ask(f"/api/image/{digest}").startswith(b"\x89PNG")
        ask("/api/decide", {"sha256": digest, "decision": "relabel", "class": "glass"})
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read().splitlines()
        assert running.wait(10) == 0
    assert rest == [
        "decided 1 relabelled; 1 of 2 left open",
        f"next    evergreen retrain '{recipe}'",
        "[]",
    ]
    assert load_recipe(recipe).decisions.made[digest].who == "Anna"


def test_nothing_to_decide_serves_nothing(store: Store, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask_a_person(load_recipe(recipe), store, [], CLASSES, who="Anna") is None
    assert capsys.readouterr().out.startswith("nothing to decide")


def test_after_a_diagnosis_what_it_found_is_asked_about(
    store: Store, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = pd.DataFrame([("glass/1.jpg", "glass", "9" * 64, CONFLICT)], columns=["path", "label", "sha256", "reason"])
    screened = publish_dataset(store, away.head(0), list(CLASSES), quarantine=away)
    alike = pd.DataFrame(
        [(ROWS[0]["sha256"], "glass", "glass/4.jpg", "4" * 64, 0.5)],
        columns=["sha256", "label", "path", "neighbour", "similarity"],
    )
    files = {SUSPECTS: to_csv(pd.DataFrame(ROWS[:2])), LOOKALIKES: to_csv(alike)}
    diagnosed = store.publish("diagnosis", files)
    made = {"screen": screened.sha256, "diagnose": diagnosed.sha256, "probe": None}
    summary = {"steps": [{"name": name, "output": output} for name, output in made.items()]}
    asked: list[Session] = []

    def interrupted(server: DecidingServer, *_: object) -> None:
        asked.append(server.session)
        raise KeyboardInterrupt

    monkeypatch.setattr(DecidingServer, "serve_forever", interrupted)
    fix(load_recipe(recipe), store, summary, who="Bo")
    assert [one.sha256 for one in asked[0].questions] == ["9" * 64, ROWS[0]["sha256"], ROWS[1]["sha256"]]
    assert [one.path for one in asked[0].questions[1].lookalikes] == ["glass/4.jpg"]
    assert (asked[0].shows("4" * 64), asked[0].shows("5" * 64)) == (True, False)
    assert (asked[0].who, asked[0].classes) == ("Bo", list(CLASSES))


def test_the_line_to_type_is_what_was_asked_for() -> None:
    typed = Typed("waste", ("labels.decisions=my file.yaml",), ("photos",))
    assert retrain_line(typed, Path("/s")) == (
        "evergreen retrain waste --source photos --set 'labels.decisions=my file.yaml' --store /s"
    )
