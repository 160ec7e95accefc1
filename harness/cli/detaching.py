"""Work in a child process that may go on when this one has ended: stacks that are kept."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from ..errors import Interrupted

PR_SET_PDEATHSIG = 1

HandOver = Callable[[int], None]
"""Takes the exit code of the process in front, lets it go, and returns when SIGTERM comes."""


def detached(work: Callable[[HandOver], int]) -> int:
    """Do the work in a child process; return its code, or the one that it hands over.

    Until the child hands over it ends with this process, and gets its signals. Call it before any
    thread was started. In the child it returns what the work returns.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    front = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return _await(child, reading)
    os.close(reading)
    os.setsid()
    _tie(signal.SIGKILL)
    if os.getppid() != front:
        os._exit(1)
    return work(lambda code: _hand_over(writing, code))


def _await(child: int, reading: int) -> int:
    """Wait for a code, or for the child's end; pass on the signals that come meanwhile."""
    told = None
    while told is None:
        try:
            told = os.read(reading, 1)
        except Interrupted:
            os.kill(child, signal.SIGTERM)
        except KeyboardInterrupt:
            os.kill(child, signal.SIGINT)
    if told:
        return told[0]
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _hand_over(writing: int, code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _tie(0)
    os.write(writing, bytes([code]))
    os.close(writing)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    try:
        while True:
            signal.pause()
    except Interrupted:
        return


def _tie(number: int) -> None:
    """Let the kernel send this process a signal when the one in front ends; 0 for none."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
