"""Runs a program so that all it starts ends with it; started as a script, not imported.

`leash.py OWNER COMMAND...`: runs COMMAND in a session of its own and kills the whole of it when it
ends, when SIGTERM comes, or when OWNER is gone, however that happened (pidfd_open, Linux 5.3). For
programs that start others, as `go build` does: PR_SET_PDEATHSIG, which `tether.py` uses, reaches
children alone. Uses nothing but the standard library.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the command and end as it ends."""
    owner, command = int(sys.argv[1]), sys.argv[2:]
    program = subprocess.Popen(command, start_new_session=True, preexec_fn=_tie)  # noqa: PLW1509 - one thread so far
    signal.signal(signal.SIGTERM, lambda *_: _kill(program.pid))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_kill_when_gone, args=(owner, program.pid), daemon=True).start()
    status = program.wait()
    _kill(program.pid)
    sys.exit(status if status >= 0 else 128 - status)


def _tie() -> None:
    """Let the program die with this leash."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill_when_gone(owner: int, group: int) -> None:
    """Wait for the owner's end without polling."""
    try:
        handle = os.pidfd_open(owner)
    except ProcessLookupError:
        _kill(group)
        return
    select.select([handle], [], [])
    _kill(group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
