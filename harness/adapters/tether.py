"""Runs a program that dies with whoever started it; started as a script, not imported.

`tether.py PARENT COMMAND...`: asks the kernel to kill this process when its parent ends
(prctl PR_SET_PDEATHSIG, kept across execve for programs without set-id bits), then becomes
COMMAND. Uses nothing but the standard library and starts in about 20 ms.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main()
