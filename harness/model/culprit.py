"""Which hop, edge and component broke the chain: the culprit table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .observation import Absence, Kind, Observation
from .words import Component, Edge, Hop

CHAIN = tuple(Hop)
"""The hops in the order in which the value travels."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Where the chain broke and who works there; all `None` is never built.

    `hop` and `edge` are `None` where a requirement speaks of no value, `component` where
    nothing tells which one it was.
    """

    hop: Hop | None
    edge: Edge | None
    component: Component | None

    def to_json(self) -> dict[str, Any]:
        """Return the culprit as JSON values."""
        return {"hop": self.hop, "edge": self.edge, "component": self.component}

    def __str__(self) -> str:
        """Return one line for a terminal."""
        where = f"hop {self.hop}, edge {self.edge}" if self.hop else "no hop"
        return f"{self.component or 'unknown component'} ({where})"


def of_component(component: Component) -> Culprit:
    """The culprit of a requirement that speaks of no value."""
    return Culprit(None, None, component)


def of_hop(hop: Hop, observations: Sequence[Observation]) -> Culprit:
    """The culprit for a value that is missing or wrong at `hop`.

    Reads the evidence of the edge that leads to the hop.
    """
    return _TABLE[hop](observations)


def first_difference(observations: Sequence[Observation], until: Hop) -> Hop | None:
    """Return the first hop whose value differs from the one before it, `None` if none does.

    Absence differs. A hop that could not be observed is passed over; one that was never
    looked at counts as different.
    """
    seen = last_values(observations)
    before = intended(observations)
    for hop in CHAIN[: CHAIN.index(until) + 1]:
        sight = seen.get(hop)
        if sight is not None and sight.absence is Absence.UNOBSERVED:
            continue
        if sight is None or sight.fingerprint is None or sight.fingerprint != before:
            return hop
        before = sight.fingerprint
    return None


def intended(observations: Sequence[Observation]) -> str | None:
    """Return the fingerprint that the run meant last."""
    marks = [seen.fingerprint for seen in observations if seen.kind is Kind.INTENT]
    return marks[-1] if marks else None


def last_values(observations: Sequence[Observation]) -> Mapping[Hop, Observation]:
    """Return what was seen last at each hop that was looked at."""
    return {seen.hop: seen for seen in observations if seen.kind is Kind.VALUE and seen.hop}


def _store(_: Sequence[Observation]) -> Culprit:
    return Culprit(Hop.STORE, Edge.RUN_STORE, Component.STORE)


def _secret(observations: Sequence[Observation]) -> Culprit:
    refused = any(seen.refused for seen in _evidence(observations, Hop.SECRET))
    component = Component.STORE if refused else Component.EXTERNAL_SECRETS
    return Culprit(Hop.SECRET, Edge.STORE_SECRET, component)


def _kbs(observations: Sequence[Observation]) -> Culprit:
    sight = last_values(observations).get(Hop.KBS)
    return Culprit(Hop.KBS, Edge.SECRET_KBS, _kbs_component(observations, sight))


def _kbs_component(observations: Sequence[Observation], sight: Observation | None) -> Component:
    if sight is not None:
        if sight.absence in {Absence.UNREACHABLE, Absence.REFUSED, Absence.BROKEN}:
            return Component.KBS
        stored = sight.detail.get("repository")
        if stored is not None and stored == _at_secret(observations):
            return Component.KBS
    if any(seen.detail.get("mountLags") for seen in _evidence(observations, Hop.KBS)):
        return Component.KUBERNETES
    return Component.TRUSTEE_OPERATOR


def _client(observations: Sequence[Observation]) -> Culprit:
    kbs = last_values(observations).get(Hop.KBS)
    if kbs is None or kbs.absence is Absence.UNOBSERVED:
        return Culprit(Hop.CLIENT, Edge.SECRET_CLIENT, None)
    return Culprit(Hop.CLIENT, Edge.KBS_CLIENT, Component.KBS_CLIENT)


def _evidence(observations: Sequence[Observation], hop: Hop) -> list[Observation]:
    return [seen for seen in observations if seen.kind is Kind.EVIDENCE and seen.hop is hop]


def _at_secret(observations: Sequence[Observation]) -> str | None:
    sight = last_values(observations).get(Hop.SECRET)
    return sight.fingerprint if sight else None


_TABLE = {Hop.STORE: _store, Hop.SECRET: _secret, Hop.KBS: _kbs, Hop.CLIENT: _client}
