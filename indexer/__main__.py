"""The `datamoa` command as a process: how it takes signals, then `indexer.cli`.

SIGTERM is taken as Ctrl-C is: jobs stop gently and are left to be resumed, servers finish what they answer. Afterwards
the process ends by that signal, as whoever sent it expects (143 in a shell). While modules are imported nothing has
begun, and both end the process at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Entry point."""
    _have_streams()
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:  # it is ignored in the background of a shell's script, and stays so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    terminated = False

    def end() -> None:
        if terminated:
            _end_by(signal.SIGTERM)

    atexit.register(end)  # before all others, and so called after them: what they tidy up would stay
    gc.disable()
    from indexer.cli import main as run

    # What was imported stays to the end. Looking for garbage in it, while importing and at exit, took a third of the
    # time of a short command.
    gc.freeze()
    gc.enable()

    def terminate(number: int, frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)
    run()


def _have_streams() -> None:
    """Put /dev/null in the place of a closed stdin or stderr; end where nobody could read what was done (`>&-`).

    A database that is opened would get the number of the closed one, and with it what libraries print there.
    """
    if sys.stdin is None:
        os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    if sys.stdout is None:
        sys.exit("datamoa: write error: standard output is closed, nothing was done; >/dev/null drops what is told")
    if sys.stderr is None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.set_inheritable(null, True)
        sys.stderr = os.fdopen(null, "w", encoding="utf-8")


def _end_by(number: signal.Signals) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    os._exit(128 + number)  # the first process of a container outlives a signal that it does not handle


if __name__ == "__main__":
    main()
