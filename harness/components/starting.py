"""Starts the process of a part under test."""

from __future__ import annotations

from ..adapters.process import OwnedProcess
from ..errors import ComponentFailed
from ..model.words import Component


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
