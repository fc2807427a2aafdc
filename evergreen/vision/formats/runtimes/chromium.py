"""Where Chromium, or Chrome, is on this machine."""

import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the path of the program, or None if none is installed."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)
