"""Where the store is, and how Prefect is set up for a command on a laptop."""

import os
import tomllib
from pathlib import Path

from evergreen.variables import STORE, value_of
from storage.store import Store


def store_root(given: Path | None) -> Path:
    """Return the store's root, absolute: ``given``, else EVERGREEN_STORE, else ``.evergreen`` in the working folder."""
    chosen = given or Path(value_of(STORE) or ".evergreen")
    return chosen.expanduser().absolute()


def server_is_configured() -> bool:
    """Whether a Prefect server is named by PREFECT_API_URL or by the active profile, without importing Prefect."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active", "")
    return bool(profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL"))


def prepare_prefect(store: Path, *, verbose: bool) -> None:
    """Set the environment that Prefect reads when it is imported; what the user set stays.

    Without a server of the user's, a private one lives and ends with the command; its database lies under the store,
    where ``make dashboard`` shows it.

    Raises:
        StoreUnwritable: the store may not be written.
    """
    defaults = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_PROMPT": "false",
    }
    if not server_is_configured():
        with Store(store).workspace():  # Prefect makes only the last folder, and the store must be writable anyway
            (store / "prefect").mkdir(exist_ok=True)
        defaults |= {"PREFECT_HOME": str(store / "prefect")}
    if not verbose:
        # The dashboard keeps its logs; the terminal shows our own lines instead.
        defaults |= {
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
