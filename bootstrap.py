#!/usr/bin/env python3
"""Makes `.venv` beside this file and installs trustee-conformance in it, at pinned versions.

Needs Python 3.11 or later with pip and nothing else: no root, no venv package, and it leaves a
system's externally managed Python alone. Run again, it does only what has changed.
"""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed"
PACKAGES = ("features", "fixtures", "harness", "reports", "steps")


def main() -> None:
    """Make the environment, or say why it cannot be made."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}")
    wanted = state()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    print(f"installing into {ENVIRONMENT}", flush=True)
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    install()
    STAMP.write_text(wanted)


def install() -> None:
    """Install this checkout, editable, with this interpreter's pip."""
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]
    done = subprocess.run(
        [
            *pip,
            "install",
            "--quiet",
            "--constraint",
            str(ROOT / "constraints.txt"),
            "--config-settings",
            "editable_mode=strict",
            "--editable",
            f"{ROOT}[dev]",
        ],
        check=False,
    )
    if done.returncode != 0:
        sys.exit("pip could not install it: see the lines above; `python3 -m pip` must be there")


def state() -> str:
    """Return a digest of what decides the installation: the pins and the names of the files."""
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    parts = [path.read_bytes() for path in files]
    parts += sorted(
        path.relative_to(ROOT).as_posix().encode()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    main()
