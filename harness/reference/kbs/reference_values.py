"""Reference values: what evidence must be like to be affirmed.

Source: confidential-containers/trustee `rvps/` (a reference value has a name, an expiration and a
value) and trustee-operator `config/templates/rvps-reference-values.json`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ReferenceValues:
    """Reference values, read at every attestation.

    Attributes:
        path: A JSON file of a list or an object of them, or a folder with a file for each;
            `None` where there are none.
    """

    path: Path | None

    def valid(self, now: float) -> dict[str, Any]:
        """Return the values by name that have not expired.

        Args:
            now: Seconds since the epoch.

        Raises:
            ValueError: a file holds something else.
        """
        found = {}
        for entry in self._entries():
            if not isinstance(entry, dict) or "name" not in entry:
                raise ValueError("expected reference values with a name")
            if not _expired(entry, now):
                found[str(entry["name"])] = entry.get("value")
        return found

    def _entries(self) -> Iterator[Any]:
        if self.path is None or not self.path.exists():
            return
        files = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        for file in files:
            if not file.name.startswith(".") and file.is_file():
                yield from _read(file)


def _read(file: Path) -> Iterator[Any]:
    data = json.loads(file.read_text() or "[]")
    if isinstance(data, list):
        yield from data
    elif isinstance(data, dict) and "name" in data:
        yield data
    elif isinstance(data, dict):
        yield from (_stored(one) if isinstance(one, str) else one for one in data.values())
    else:
        raise ValueError("expected a list or an object of reference values")


def _stored(text: str) -> Any:
    """Read a value as LocalJson stores it: base64 (trustee `key-value-storage/.../local_json`)."""
    try:
        return json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        return json.loads(text)


def _expired(entry: dict[str, Any], now: float) -> bool:
    expiration = entry.get("expiration")
    return expiration is not None and datetime.fromisoformat(str(expiration)).timestamp() < now
