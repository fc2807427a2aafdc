"""Letters beyond ASCII, in a locale that knows none: in names of files, in arguments, in what is printed."""

import codecs
import io
import os
import sys
from pathlib import Path

_COMMAND = "evergreen"


def know_every_letter() -> None:
    """Begin the command anew in Python's UTF-8 mode where the locale is ASCII, and let nothing that is printed raise.

    There Python opens no file whose name has other letters, and hands their bytes on as surrogates, which nobody
    takes. Where some other encoding holds, letters that it does not know are printed as question marks.
    """
    if _is_ascii(sys.getfilesystemencoding()) and Path(sys.argv[0]).name == _COMMAND:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(  # noqa: S606 - no shell: this very program
            sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], os.environ | {"PYTHONUTF8": "1"}
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="replace")


def _is_ascii(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "ascii"
