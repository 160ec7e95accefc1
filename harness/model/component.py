"""What a report says of the parts that a verdict speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .words import Component


@dataclass(frozen=True, slots=True)
class Part:
    """A program of a component, as it ran."""

    name: str
    version: str | None
    digest: str | None
    source: str


@dataclass(frozen=True, slots=True)
class ComponentInfo:
    """A component as it ran: read from the running part, not from the pins.

    Attributes:
        name: Which component.
        implementation: What it is.
        installer: How it got there.
        version: What the running part says of itself; `None` where it says nothing.
        digest: SHA-256 of what runs, `sha256:...`; `None` where it could not be read.
        source: Where the program came from.
        parts: Its programs, where it has several.
    """

    name: Component
    implementation: str
    installer: str
    version: str | None
    digest: str | None
    source: str
    parts: Sequence[Part] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `report.json`."""
        entry: dict[str, Any] = {
            "name": self.name,
            "implementation": self.implementation,
            "installer": self.installer,
            "version": self.version,
            "digest": self.digest,
            "source": self.source,
        }
        if self.parts:
            entry["parts"] = [
                {"name": p.name, "version": p.version, "digest": p.digest, "source": p.source}
                for p in self.parts
            ]
        return entry
