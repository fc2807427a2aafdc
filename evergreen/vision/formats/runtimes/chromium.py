"""Chromium, or Chrome: where it is on this machine, and how one of our own is started."""

import os
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new", "--disable-dev-shm-usage", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing outside this machine
)  # fmt: skip


def chromium() -> str | None:
    """Return the path of the program, or None if none is installed."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def headless(program: str, profile: str, *flags: str) -> list[str]:
    """Return the command that starts it without a window, on this machine alone; what it opens comes after it.

    Args:
        program: the path of Chromium.
        profile: a folder for its profile.
        flags: what it is told beside.
    """
    # As root, in a container say, Chromium refuses to start with its sandbox; the pages are our own.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [program, *_FLAGS, *sandbox, *flags, f"--user-data-dir={profile}"]
