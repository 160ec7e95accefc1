"""How sample evidence is appraised: the trust vector and the status that follows from it.

Source: confidential-containers/trustee `attestation-service/src/ear_token/
ear_default_policy_cpu.rego` (what the values mean for sample evidence) and
draft-ietf-rats-ar4si (tiers).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNRECOGNIZED_HARDWARE, GENUINE_HARDWARE = 97, 2
UNRECOGNIZED_EXECUTABLES, APPROVED_EXECUTABLES = 33, 3
APPROVED_CONFIGURATION = 2

TIERS = ((96, "contraindicated"), (32, "warning"), (2, "affirming"))
"""From which value on a claim is of which tier; the worst claim decides."""

MAJOR, MINOR = 1, 4
LAUNCH_DIGEST = "abcde"


def sample_claims(svn: str) -> dict[str, Any]:
    """Return what the sample verifier finds in sample evidence: all but the svn is fixed
    (trustee `deps/verifier/src/sample/mod.rs`).
    """  # noqa: D205 - the source belongs to the first sentence
    return {
        "debug": False,
        "launch_digest": LAUNCH_DIGEST,
        "platform_version": {"major": MAJOR, "minor": MINOR},
        "svn": svn,
    }


def trust_vector(claims: Mapping[str, Any], reference: Mapping[str, Any]) -> dict[str, int]:
    """Return the trust vector of sample evidence.

    Args:
        claims: What the verifier found.
        reference: Reference values by name.
    """
    known_code = _contains(reference.get("launch_digest"), claims["launch_digest"])
    return {
        "instance-identity": 0,
        "configuration": APPROVED_CONFIGURATION,
        "executables": APPROVED_EXECUTABLES if known_code else UNRECOGNIZED_EXECUTABLES,
        "file-system": 0,
        "hardware": GENUINE_HARDWARE if _genuine(claims, reference) else UNRECOGNIZED_HARDWARE,
        "runtime-opaque": 0,
        "storage-opaque": 0,
        "sourced-data": 0,
    }


def status(vector: Mapping[str, int]) -> str:
    """Return the status that a trust vector comes to."""
    worst = max(vector.values())
    return next((tier for least, tier in TIERS if worst >= least), "none")


def _genuine(claims: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    version = claims["platform_version"]
    return (
        _contains(reference.get("svn"), claims["svn"])
        and _same(reference.get("major_version"), version["major"])
        and _at_most(reference.get("minimum_minor_version"), version["minor"])
    )


def _contains(values: Any, wanted: Any) -> bool:
    return isinstance(values, list) and any(_same(one, wanted) for one in values)


def _same(one: Any, other: Any) -> bool:
    """Rego tells booleans from numbers; Python does not."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _at_most(least: Any, value: int) -> bool:
    """Rego orders null and booleans before numbers, and everything else after them."""
    if isinstance(least, bool):
        return True
    return isinstance(least, int | float) and least <= value
