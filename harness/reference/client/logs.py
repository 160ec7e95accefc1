"""The log of kbs-client, as either generation writes it to stderr.

Source: env_logger (up to v0.17) and tracing-subscriber (from v0.18), and what real clients wrote:
tracing colours its lines off a terminal too, unless NO_COLOR is set.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

LEVELS = {
    "off": logging.CRITICAL + 1,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.NOTSET,
}

NAMES = {"WARNING": "WARN", "CRITICAL": "ERROR"}

COLOURS = {"ERROR": 31, "WARN": 33, "INFO": 32, "DEBUG": 34}


def set_up(style: str, environment: Mapping[str, str] = os.environ) -> None:
    """Log to stderr.

    Args:
        style: `env_logger` or `tracing`.
        environment: Where RUST_LOG and NO_COLOR are looked up.
    """
    handler = logging.StreamHandler(sys.stderr)
    colour = not environment.get("NO_COLOR")
    handler.setFormatter(Tracing(colour=colour) if style == "tracing" else EnvLogger())
    handler.addFilter(Directives(environment.get("RUST_LOG") or "info").admits)
    logging.basicConfig(level=logging.NOTSET, handlers=[handler])


class Directives:
    """RUST_LOG: levels, for all or for targets. A word that is no level is taken for a target."""

    def __init__(self, text: str) -> None:
        self._by_target: dict[str, int] = {}
        for directive in filter(None, (one.strip() for one in text.split(","))):
            target, _, level = directive.rpartition("=")
            if not target and level.lower() not in LEVELS:
                target, level = level, "trace"
            self._by_target[target] = LEVELS.get(level.lower(), LEVELS["off"])

    def admits(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written: the longest target that fits decides."""
        fitting = [one for one in self._by_target if record.name.startswith(one)]
        if not record.name.startswith(("kbs", "attester")) or not fitting:
            return False
        return record.levelno >= self._by_target[max(fitting, key=len)]


class EnvLogger(logging.Formatter):
    """`[time LEVEL target] message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"[{time} {_level(record):5} {record.name}] {record.getMessage()}"


class Tracing(logging.Formatter):
    """`time LEVEL target: message`, in colours unless told otherwise."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        level = _level(record)
        parts = (
            self._paint(2, time),
            self._paint(COLOURS[level], f"{level:>5}"),
            self._paint(2, record.name) + self._paint(2, ":"),
            record.getMessage(),
        )
        return " ".join(parts)

    def _paint(self, code: int, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _level(record: logging.LogRecord) -> str:
    return NAMES.get(record.levelname, record.levelname)
