"""Runs one program until it ends, SIGTERM comes, or the owner of the stack is gone.

`sandbox.py OWNER COMMAND...`, started as a script: nothing but the standard library.
"""

import ctypes
import functools
import os
import select
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the program and end as it ends."""
    owner, command = int(sys.argv[1]), sys.argv[2:]
    tie = functools.partial(_tie, os.getpid())
    program = subprocess.Popen(command, preexec_fn=tie)  # noqa: PLW1509 - one thread so far
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    threading.Thread(target=_kill_when_gone, args=(owner, program), daemon=True).start()
    sys.exit(program.wait())


def _tie(sandbox: int) -> None:
    """Let the program die with this sandbox, also where that died before this was asked."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != sandbox:
        os._exit(1)


def _kill_when_gone(owner: int, program: "subprocess.Popen[bytes]") -> None:
    """Wait for the owner's end without polling."""
    try:
        handle = os.pidfd_open(owner)
    except ProcessLookupError:
        program.kill()
        return
    select.select([handle], [], [])
    program.kill()


if __name__ == "__main__":
    main()
