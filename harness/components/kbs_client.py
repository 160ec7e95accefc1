"""kbs-client: one process for each fetch, its value read from a pipe."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.command import tethered
from ..artifacts.provide import Binary
from ..model.component import ComponentInfo
from ..model.observation import Absence
from ..model.words import Component
from ..versions import own_version
from .inspect import digest_of_double
from .trustee import PACKAGE, SOURCE

TIMEOUT = 30
"""Seconds that one fetch may take."""

VARIANT = re.compile(
    r"\b(PluginInternalError|PolicyDeny|PolicyEngineError|PolicyEngine|TokenVerifierError|"
    r"AttestationError|AdminAuth|PluginNotFound|JweError)\b"
)
"""The error types that a client's warnings name (trustee `kbs/src/error.rs`)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one `get-resource` came to.

    Attributes:
        value: The bytes, `None` where there are none.
        absence: Why there are none.
        error: The error's type or last line, no secret.
        exit_code: The client's exit code.
    """

    value: bytes | None = field(repr=False)
    absence: Absence | None
    error: str | None
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class KbsClientProcess:
    """A kbs-client that is run here for every fetch.

    Attributes:
        url: Where KBS answers.
        binary: The client; the reference client where there is none.
    """

    url: str
    binary: Binary | None = None

    def get_resource(self, path: str) -> Fetched:
        """Fetch a resource."""
        arguments = ["--url", self.url, "get-resource", "--path", path]
        try:
            done = subprocess.run(
                tethered([*self._program(), *arguments]),
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "RUST_LOG": "warn", "NO_COLOR": "1"},
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Fetched(None, Absence.UNREACHABLE, f"no answer in {TIMEOUT} s", None)
        except OSError as error:
            return Fetched(None, Absence.BROKEN, str(error.strerror), None)
        if done.returncode != 0:
            return _failed(done.returncode, done.stderr.decode(errors="replace"))
        return decoded(done.stdout)

    def info(self) -> ComponentInfo:
        """Describe the client."""
        if self.binary is not None:
            return ComponentInfo(
                name=Component.KBS_CLIENT,
                implementation="upstream",
                installer="process",
                version=None,
                digest=_digest(self.binary.path),
                source=self.binary.source,
            )
        return ComponentInfo(
            name=Component.KBS_CLIENT,
            implementation="reference",
            installer="process",
            version=own_version(),
            digest=digest_of_double("client"),
            source=SOURCE,
        )

    def _program(self) -> Sequence[str]:
        if self.binary is not None:
            return [str(self.binary.path)]
        return [sys.executable, "-m", f"{PACKAGE}.client"]


def decoded(stdout: bytes) -> Fetched:
    """Read a client's standard output: one line of standard base64 of the bytes.

    Line ends that a terminal or an exec adds are passed over; anything else is broken.
    """
    try:
        value = base64.b64decode(stdout.strip(b"\r\n"), validate=True)
    except binascii.Error:
        return Fetched(None, Absence.BROKEN, "stdout is not one line of base64", 0)
    return Fetched(value, None, None, 0)


def _failed(exit_code: int, stderr: str) -> Fetched:
    lines = stderr.strip().splitlines()
    # what is told of an error may go on over more lines, and a backtrace may follow
    last = next((one for one in reversed(lines) if one.lower().startswith("error:")), "")
    last = last or (lines[-1] if lines else "nothing on stderr")
    variants = VARIANT.findall(stderr)
    if "http request failed" in last or "RCAR handshake failed: reqwest" in last:
        return Fetched(None, Absence.UNREACHABLE, last, exit_code)
    unreadable = "decrypt" in last or "deserialize http response failed" in last
    if unreadable or (not variants and not last.startswith("Error:")):
        return Fetched(None, Absence.BROKEN, last, exit_code)
    error = variants[-1] if variants else last
    missing = error == "PluginInternalError"
    return Fetched(None, Absence.MISSING if missing else Absence.REFUSED, error, exit_code)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
