"""`python -m trustee_conformance.harness.reference.executable PROGRAM FILE [--generation NAME]`.

Writes a reference program as one executable file: a KBS or a kbs-client of the generation, with
the real one's arguments and no other. It runs with the interpreter and the packages of this
environment.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .generation import GENERATIONS, V0_17

PROGRAMS = {"kbs": "kbs", "kbs-client": "client"}

TEXT = """\
#!{python}
import sys
from {package}.{module}.__main__ import main
sys.argv[1:1] = ["--generation", "{generation}"]
main()
"""


def write(program: str, file: Path, generation: str) -> None:
    """Write an executable.

    Args:
        program: Its name, `kbs` or `kbs-client`.
        file: Where it goes.
        generation: Which one it is to be.

    Raises:
        OSError: it cannot be written.
    """
    text = TEXT.format(
        python=sys.executable,
        package=__package__,
        module=PROGRAMS[program],
        generation=generation,
    )
    file.write_text(text)
    file.chmod(0o755)


def main() -> None:
    """Write what the arguments say."""
    parser = argparse.ArgumentParser(description="Writes a reference program as an executable")
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--generation", choices=GENERATIONS, default=V0_17.name)
    given = parser.parse_args()
    try:
        write(given.program, given.file, given.generation)
    except OSError as error:
        sys.exit(f"Error: {given.file}: {error.strerror}")


if __name__ == "__main__":
    main()
