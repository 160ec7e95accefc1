"""`python -m trustee_conformance.harness.reference.operator.converter`: copies mounted Secrets.

The program of the init container `secret-converter`. KBS from v0.19 on reads flat files, which no
Secret can be mounted as, so they are copied when the pod starts, and never again. Source:
confidential-containers/trustee-operator `cmd/secret-converter/main.go`.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("converter")

REPOSITORY = "default"
"""The only repository that the operator fills."""
SEPARATOR = "\\x2F"
"""What stands for a slash in the name of a flat file: four characters, no slash."""
FLAT, DIRECTORIES = "flat", "directories"
FILE_MODE = 0o600


def convert(source: Path, target: Path, layout: str) -> set[Path]:
    """Copy every Secret below `source` into a repository; return the files that show them now.

    Keys that start with a dot are left out, as the volume's own folders are. A file is replaced as
    a whole, and only where its content differs.

    Args:
        source: A folder with a folder for each Secret.
        target: The folder of the repositories; made if it is not there.
        layout: `flat` or `directories`.

    Raises:
        OSError: something could not be read or written.
    """
    shown = set()
    for secret, key, file in _keys(source):
        place = target / place_of(secret, key, layout)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_bytes()
        if not place.is_file() or place.read_bytes() != content:
            replace(place, content)
        shown.add(place)
    return shown


def place_of(secret: str, key: str, layout: str) -> Path:
    """Return where a key of a Secret is in a repository of that layout."""
    parts = (REPOSITORY, secret, key)
    return Path(SEPARATOR.join(parts)) if layout == FLAT else Path(*parts)


def replace(place: Path, content: bytes) -> None:
    """Give a file a new content at once: a reader sees the old one or the new one."""
    number, aside = tempfile.mkstemp(dir=place.parent, prefix=".new-")
    with os.fdopen(number, "wb") as file:
        file.write(content)
    Path(aside).chmod(FILE_MODE)
    Path(aside).rename(place)


def _keys(source: Path) -> Iterator[tuple[str, str, Path]]:
    if not source.is_dir():
        return
    for secret in sorted(source.iterdir()):
        if secret.is_dir() and not secret.name.startswith("."):
            for key in sorted(secret.iterdir()):
                if not key.name.startswith(".") and key.is_file():
                    yield secret.name, key.name, key


def follow(source: Path, target: Path, period: float, stopped: threading.Event) -> None:
    """Keep the flat files as their Secrets are: look once a period, until stopped."""
    refresh(source, target)
    while not stopped.wait(period):
        refresh(source, target)


def refresh(source: Path, target: Path) -> None:
    """Let flat files show what the Secrets hold now; those of keys that are gone go too."""
    shown = convert(source, target, FLAT)
    for file in target.iterdir() if target.is_dir() else ():
        if file.name.startswith(REPOSITORY + SEPARATOR) and file not in shown:
            file.unlink()


def main() -> None:
    """Copy once and end; with --follow go on until SIGTERM."""
    parser = argparse.ArgumentParser(prog="secret-converter", description="Copies mounted Secrets")
    parser.add_argument("--source", type=Path, required=True, help="a folder a Secret")
    parser.add_argument("--target", type=Path, required=True, help="the repository")
    parser.add_argument("--layout", choices=[FLAT, DIRECTORIES], default=FLAT)
    parser.add_argument("--follow", type=float, help="seconds between two looks, flat")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    if given.follow is not None:
        follow(given.source, given.target, given.follow, stopped)
        return
    for place in sorted(convert(given.source, given.target, given.layout)):
        log.info("copied %s", place.name)


if __name__ == "__main__":
    main()
