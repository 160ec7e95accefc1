"""This project's own version, as it was installed."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = "trustee-conformance"


def own_version() -> str:
    """Return the version of the installed package; `unknown` where it is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"
