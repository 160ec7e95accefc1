"""Which KBS runs, how that is known, and why one does not start."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..model.component import ComponentInfo
from ..model.words import Component
from .inspect import digest_of_process, executable

SHIPPED_WITH: Mapping[str, str] = {
    "v0.17": "v0.17",
    "v0.18": "v0.17",
    "v0.19": "v0.21",
    "v0.21": "v0.21",
}
"""Of which generation of configuration the KBS is that a release of the operator brings
(trustee-operator, the environment variable KBS_IMAGE_NAME of each release)."""

GENERATION = re.compile(r"; KBS generation (\S+), (.*)")
"""What the reference operator writes to its log when it starts."""

CAUSES: Mapping[str, str] = {
    r"unknown field `type`|missing field `authorization_mode`": (
        "[admin] was renamed: this KBS is v0.21 or later and got an older configuration; "
        "try kbs.version=v0.21"
    ),
    r"unknown field `authorization_mode`|unknown variant .*authorization_mode": (
        "[admin] was renamed: this KBS is older than v0.21; try kbs.version=v0.17"
    ),
    r"missing field `storage_backend_type`": (
        "the storage of the resource plugin moved: this KBS is v0.20 or later and got an older "
        "configuration; try kbs.version=v0.21"
    ),
    r"missing field `type`": (
        "[admin] and the storage of the resource plugin were renamed: this KBS is v0.18 or older "
        "and got a newer configuration; try kbs.version=v0.17"
    ),
    r"[Aa]ddress already in use": "another program listens where the KBS is to listen",
    r"exec format error|Exec format error": "the file is no program for this machine",
    r"error while loading shared libraries|version `GLIBC": (
        "the program wants libraries that this machine does not have"
    ),
}
"""Likely causes, by what a KBS says before it ends (trustee `kbs/src/config.rs`, `docs/config.md`).
"""


@dataclass(frozen=True, slots=True)
class KbsProgram:
    """The KBS that the operator is to run.

    Attributes:
        path: A KBS of the user's; `None` for the double.
        version: Its generation; `None` where it is to be recognised, or follows the operator.
        protocol: The protocol version that the double speaks.
    """

    path: Path | None = None
    version: str | None = None
    protocol: str = "0.4.0"

    def flags(self) -> dict[str, str]:
        """Return what the reference operator is told of it."""
        given = {"--kbs-protocol": self.protocol}
        if self.path is not None:
            given["--kbs-program"] = str(self.path)
        if self.version is not None:
            given["--kbs-generation"] = self.version
        return given

    def easings(self, emulates: str, operator_log: str) -> list[str]:
        """Return what makes a run with it easier, or other, than an installation."""
        name, _ = generation(operator_log)
        if name is None or name == SHIPPED_WITH[emulates]:
            return []
        return [f"KBS {name} under trustee-operator {emulates}: never shipped together"]

    def info(self, operator_log: str, pid: int | None) -> ComponentInfo:
        """Describe a KBS of the user's.

        Args:
            operator_log: Where the operator says of which generation it takes it to be.
            pid: The process that runs it, if one does.
        """
        if self.path is None:
            raise ValueError("the double is described by its own files")
        name, how = generation(operator_log)
        return ComponentInfo(
            name=Component.KBS,
            implementation="upstream",
            installer="process",
            version=name,
            digest=_digest(self.path, pid),
            source=f"path {self.path}; version {how}",
        )


def generation(operator_log: str) -> tuple[str | None, str]:
    """Return the KBS's generation and how it is known, as the operator says."""
    said = GENERATION.findall(operator_log)
    return said[-1] if said else (None, "not known")


def likely_cause(kbs_log: str) -> str | None:
    """Return why a KBS probably does not start, `None` where nothing is known of it."""
    return next((cause for sign, cause in CAUSES.items() if re.search(sign, kbs_log)), None)


def _digest(path: Path, pid: int | None) -> str | None:
    """Return the SHA-256 of what runs; of the file where that is a script."""
    try:
        if pid is not None and executable(pid).samefile(path):
            return digest_of_process(pid)
        with path.open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
