"""Ctrl-C for a child: a job that a shell put into the background ignores it, and so do its children unless told."""

import signal


def heard() -> None:
    """As ``preexec_fn`` of a child: it hears Ctrl-C, whoever started these tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
