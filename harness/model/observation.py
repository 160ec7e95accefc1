"""What was seen, where and when; never the value itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .words import Component, Hop


class Kind(StrEnum):
    """What an observation speaks of."""

    INTENT = "intent"
    VALUE = "value"
    EVIDENCE = "evidence"
    OUTCOME = "outcome"
    IDENTITY = "identity"


class Absence(StrEnum):
    """Why a hop shows no value."""

    MISSING = "missing"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    UNOBSERVED = "unobserved"


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was seen.

    Attributes:
        kind: What it speaks of.
        at: Seconds since the start of the run, on a monotonic clock.
        hop: The place where a value was looked for (kinds value and evidence;
            evidence belongs to the edge that leads to this hop).
        component: The part that the observation speaks of (other kinds).
        fingerprint: Salted fingerprint of the value, or of an identity.
        absence: Why there is no fingerprint, where a value was looked for.
        holds: Whether the outcome is there (kind outcome).
        refused: Whether the part that was asked said no or did not answer (kind evidence).
        detail: Versions, conditions, events, error types: JSON values, no secrets.
    """

    kind: Kind
    at: float
    hop: Hop | None = None
    component: Component | None = None
    fingerprint: str | None = None
    absence: Absence | None = None
    holds: bool | None = None
    refused: bool | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def same_sight(self, other: Observation) -> bool:
        """Tell whether the other observation saw the same at another time."""
        return replace(other, at=self.at) == self

    def to_json(self) -> dict[str, Any]:
        """Return the observation as JSON values, without what is not set."""
        fields = {
            "kind": self.kind,
            "at": round(self.at, 3),
            "hop": self.hop,
            "component": self.component,
            "fingerprint": self.fingerprint,
            "absence": self.absence,
            "holds": self.holds,
            "refused": self.refused,
            "detail": dict(self.detail) or None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observation:
        """Rebuild an observation from `to_json`; members it does not know are left out.

        Raises:
            KeyError: `kind` or `at` is missing.
            ValueError: a word is not one of ours.
        """
        return cls(
            kind=Kind(data["kind"]),
            at=float(data["at"]),
            hop=Hop(data["hop"]) if "hop" in data else None,
            component=Component(data["component"]) if "component" in data else None,
            fingerprint=data.get("fingerprint"),
            absence=Absence(data["absence"]) if "absence" in data else None,
            holds=data.get("holds"),
            refused=data.get("refused"),
            detail=data.get("detail", {}),
        )


def intent(at: float, fingerprint: str, **detail: Any) -> Observation:
    """What the run meant to be in the store from now on."""
    return Observation(Kind.INTENT, at, fingerprint=fingerprint, detail=detail)


def value(
    at: float, hop: Hop, fingerprint: str | None, absence: Absence | None = None, **detail: Any
) -> Observation:
    """A value, or why there is none, at a hop."""
    return Observation(
        Kind.VALUE, at, hop=hop, fingerprint=fingerprint, absence=absence, detail=detail
    )


def evidence(at: float, hop: Hop, *, refused: bool, **detail: Any) -> Observation:
    """What the parts on the edge to `hop` say of themselves."""
    return Observation(Kind.EVIDENCE, at, hop=hop, refused=refused, detail=detail)


def outcome(at: float, component: Component, *, holds: bool, **detail: Any) -> Observation:
    """Whether something that a component owes is there."""
    return Observation(Kind.OUTCOME, at, component=component, holds=holds, detail=detail)


def identity(at: float, component: Component, name: str | None, **detail: Any) -> Observation:
    """Which instance of a component is running, `None` where none is."""
    return Observation(Kind.IDENTITY, at, component=component, fingerprint=name, detail=detail)
