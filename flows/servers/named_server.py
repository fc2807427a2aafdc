"""Which Prefect server the user's own settings name, by Prefect's rules, without importing Prefect (it takes seconds).

The rules are those of ``prefect/settings/sources.py``: environment, ``.env``, ``prefect.toml``, ``pyproject.toml`` (all
of the working folder), active profile; a test holds this module against Prefect's own answer.
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evergreen.addresses import shown
from evergreen.errors import BadInput, EvergreenError

_URL = "PREFECT_API_URL"
_WITHOUT = f"put {_URL}= (empty) before the command"
_TEST_MODES = ("TEST_MODE", "UNIT_TEST_MODE", "TESTING_UNIT_TEST_MODE", "TESTING_TEST_MODE")


class ServerUnavailable(EvergreenError):
    """A Prefect server did not start, ended too early, does not answer, or refuses."""


@dataclass(frozen=True)
class NamedServer:
    """A Prefect server of the user's.

    Attributes:
        url: its API's address; may hold a password.
        chosen_by: the setting that names it, in words.
    """

    url: str
    chosen_by: str

    def __str__(self) -> str:
        """Say which server, and who chose it; no secret of the address is shown."""
        return f"the server of {self.chosen_by} at {shown(self.url)}"

    def unavailable(self, why: object) -> ServerUnavailable:
        """Return the error that says that it cannot be used, and how to run without it."""
        said = str(why).replace(self.url, shown(self.url)) or type(why).__name__
        return ServerUnavailable(
            f"expected an answer from {self}, received: {said}. Start or mend that server, or change that setting; "
            f"to run without it, on a private server, {_WITHOUT}"
        )


def named_server() -> NamedServer | None:
    """Return the server that the user's Prefect settings name, or None.

    Raises:
        BadInput: a file of settings cannot be read, so that nobody can know.
    """
    sources: list[tuple[str, Callable[[], Any]]] = [
        (f"the environment variable {_URL}", lambda: _variable(os.environ)),
        (f".env in {Path.cwd()}", lambda: _variable(_dotenv())),
        (f"prefect.toml in {Path.cwd()}", lambda: _table(_toml(Path("prefect.toml")), "api").get("url")),
        (f"pyproject.toml in {Path.cwd()}", lambda: _table(_pyproject(), "api").get("url")),
    ]
    for chosen_by, read in sources:
        if (url := read()) is not None:
            return NamedServer(str(url), chosen_by) if url else None  # an empty one switches off what would follow
    name, url = _profile()
    return NamedServer(url, f"the profile {name!r}") if url else None


def _variable(values: Mapping[str, str | None]) -> str | None:
    """Return the address among variables, whose names may be in small letters, as pydantic reads them."""
    small = {name.lower(): value for name, value in values.items()}
    if whole := small.get("prefect_api"):  # every setting of a group may be given at once, as JSON
        try:
            found = json.loads(whole)
        except ValueError as error:
            raise BadInput(f"expected JSON in PREFECT_API, received something else ({error})") from None
        if isinstance(found, dict) and "url" in found:
            return str(found["url"] or "")
    return small.get(_URL.lower())


def _dotenv() -> Mapping[str, str | None]:
    """Return what ``.env`` in the working folder says."""
    if not Path(".env").is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return dotenv_values(".env", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(Path(".env"), error) from None


def _profile() -> tuple[str, str | None]:
    """Return the name of the active profile and the address that it names, if any."""
    if any(os.environ.get(f"PREFECT_{mode}") for mode in _TEST_MODES):
        return "", None
    path = _profiles_path()
    try:
        profiles = _toml(path if path.exists() else _default_profiles())
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise _unreadable(path, error) from None
    name = os.environ.get("PREFECT_PROFILE") or profiles.get("active") or ""
    url = _table(profiles, "profiles", name).get(_URL)
    return name, None if url is None else str(url)


def _profiles_path() -> Path:
    """Return where the profiles are; as in Prefect, variables have capitals here, and ``~`` is not expanded."""
    named = (
        os.environ.get("PREFECT_PROFILES_PATH")
        or _dotenv().get("PREFECT_PROFILES_PATH")
        or _toml(Path("prefect.toml")).get("profiles_path")
        or _pyproject().get("profiles_path")
    )
    if named:
        return Path(named)
    home = os.environ.get("PREFECT_HOME")
    return (Path(home) if home else Path.home() / ".prefect") / "profiles.toml"


def _default_profiles() -> Path:
    """Return where the profiles are that Prefect brings along, for whoever has none of their own."""
    found = find_spec("prefect")  # imports nothing
    if not found or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'prefect'", name="prefect")
    return Path(found.submodule_search_locations[0], "settings", "profiles.toml")


def _pyproject() -> dict[str, Any]:
    return _table(_toml(Path("pyproject.toml")), "tool", "prefect")


def _toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says; nothing if there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _table(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the table of that name inside others, empty if there is none."""
    for name in names:
        found = values.get(name)
        values = found if isinstance(found, dict) else {}
    return values


def _unreadable(path: Path, error: Exception) -> BadInput:
    return BadInput(
        f"expected Prefect's settings in {path.absolute()}, it cannot be read ({error}): mend it; "
        f"to run without a server of yours, {_WITHOUT}"
    )
