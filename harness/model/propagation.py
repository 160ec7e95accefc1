"""How long the value took from place to place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .culprit import CHAIN
from .observation import Kind, Observation


def propagation(observations: Sequence[Observation]) -> list[dict[str, Any]]:
    """Return the seconds between the first sights of the last intended value, hop after hop."""
    intents = [seen for seen in observations if seen.kind is Kind.INTENT]
    if not intents:
        return []
    wanted = intents[-1]
    ways, place, since = [], "run", wanted.at
    for hop in CHAIN:
        hits = [
            seen.at
            for seen in observations
            if seen.kind is Kind.VALUE
            and seen.hop is hop
            and seen.fingerprint == wanted.fingerprint
        ]
        if not hits:
            break
        ways.append({"from": place, "to": str(hop), "seconds": round(max(0.0, hits[0] - since), 3)})
        place, since = str(hop), hits[0]
    return ways
