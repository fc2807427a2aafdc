"""The installed command, for tests that run it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from polling import asked

EVERGREEN = Path(sys.executable).with_name("evergreen")


class Command:
    """The installed command, on one store."""

    def __init__(self, root: Path, program: Sequence[str] = (str(EVERGREEN),)) -> None:
        self.root = root
        self._program = program

    def __call__(
        self,
        *arguments: str,
        server: str | None = None,
        stdin: IO[bytes] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {"EVERGREEN_STORE": str(self.root), "HOME": str(self.root.parent)}
        environment |= variables or {}
        if server:
            environment["PREFECT_API_URL"] = server
        command = [*self._program, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=self.root.parent, check=False, stdin=stdin
        )

    def retrain(
        self, *options: str, server: str | None = None, variables: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        done = self("retrain", "digits", "--json", *options, server=server, variables=variables)
        assert done.returncode == 0, done.stderr
        summary: dict[str, Any] = json.loads(done.stdout)
        return summary


def forget_decisions(server: str) -> None:
    """Let a Prefect server forget which store decided last on which recipe: tests share one, and have stores apart."""
    for variable in asked("POST", f"{server}/variables/filter", {}):
        asked("DELETE", f"{server}/variables/{variable['id']}")
