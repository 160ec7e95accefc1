"""Starts the process of a part under test."""

from __future__ import annotations

from ..adapters.process import OwnedProcess
from ..errors import ComponentFailed
from ..model.words import Component


def port_hint(log: str) -> str:
    """Say what to do where a log's end tells of a taken port; empty where it does not.

    Servers in Go, Python and Rust all write what strerror(3) has for EADDRINUSE.
    """
    if "address already in use" not in log.lower():
        return ""
    return "end the program that listens there (`ss -ltnp` lists them), then run the command again"


def start(component: Component, process: OwnedProcess) -> None:
    """Start a process.

    Raises:
        ComponentFailed: it could not be started.
    """
    try:
        process.start()
    except OSError as error:
        message = f"{process.name} could not be started: {error.strerror}"
        raise ComponentFailed(component, message) from None
