"""Canaries: random values of one run that no artefact may contain, raw or encoded."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.sax.saxutils import escape

MIN_LENGTH = 16
"""Bytes below which a value is too common to be searched for."""

BREAKS = re.compile(rb"\s+|\\r|\\n")
"""What a long text may be broken by."""


@dataclass(slots=True)
class Canaries:
    """The values to search for, each with a name that may be printed."""

    _needles: dict[bytes, str] = field(default_factory=dict, repr=False)

    def add(self, name: str, value: bytes | str) -> None:
        """Remember a value under a name that says what it is.

        Raises:
            ValueError: the value is shorter than `MIN_LENGTH` bytes.
        """
        raw = value.encode() if isinstance(value, str) else value
        if len(raw) < MIN_LENGTH:
            raise ValueError(f"canary {name} has {len(raw)} bytes, at least {MIN_LENGTH} are asked")
        for encoding, needle in encodings(raw).items():
            self._needles.setdefault(needle, f"{name} ({encoding})")

    def take(self, others: Canaries) -> None:
        """Remember all that the others are."""
        self._needles.update(others._needles)

    def find(self, haystack: bytes) -> list[str]:
        """Return the names of the canaries that the bytes contain, each once.

        A text may be broken into lines, as `base64` and PEM do, also within JSON.
        """
        joined = BREAKS.sub(b"", haystack)
        found = {
            name for needle, name in self._needles.items() if needle in haystack or needle in joined
        }
        return sorted(found)

    def redact(self, text: str) -> str:
        """Return the text with every canary replaced by its name."""
        raw = text.encode()
        for needle, name in self._longest_first():
            raw = raw.replace(needle, f"<{name}>".encode())
        return raw.decode(errors="replace")

    def _longest_first(self) -> Iterable[tuple[bytes, str]]:
        return sorted(self._needles.items(), key=lambda item: -len(item[0]))


def encodings(raw: bytes) -> Mapping[str, bytes]:
    """Return what the value looks like raw, escaped, in hex and in base64 at each alignment."""
    forms = {"raw": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for shift in range(3):
        forms[f"base64+{shift}"] = _aligned(raw, shift)
        forms[f"base64url+{shift}"] = _aligned(raw, shift).translate(_TO_URL)
    return forms | _escaped(raw)


def _escaped(raw: bytes) -> dict[str, bytes]:
    """Return what a text looks like in JSON, in XML and in a URL, where that is not itself."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {}
    forms = {
        "JSON": json.dumps(text)[1:-1],
        "JSON, not ASCII": json.dumps(text, ensure_ascii=False)[1:-1],
        "XML": escape(text),
        "XML attribute": escape(text, {'"': "&quot;"}),
        "URL": quote(text, safe=""),
    }
    return {name: form.encode() for name, form in forms.items() if form != text}


_TO_URL = bytes.maketrans(b"+/", b"-_")


def _aligned(raw: bytes, shift: int) -> bytes:
    """The base64 digits that the value alone decides, `shift` bytes into a group of three."""
    text = base64.b64encode(bytes(shift) + raw)
    first = (shift * 8 + 5) // 6
    last = (shift + len(raw)) * 8 // 6
    return text[first:last]
