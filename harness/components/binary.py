"""A program to run, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Binary:
    """A program.

    Attributes:
        path: Where it is.
        source: Where it came from, for the report.
    """

    path: Path
    source: str
