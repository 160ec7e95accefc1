"""What a KBS is told by its configuration file, in the format of either generation."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from ...generation import GENERATIONS, V0_17
from . import v017, v021
from .settings import ConfigError, Settings


def load(file: Path, generation: str = V0_17.name) -> Settings:
    """Read a configuration file.

    Args:
        file: A TOML file.
        generation: The generation whose format it has.

    Raises:
        ConfigError: it cannot be read, or the generation does not take it.
    """
    try:
        data = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
    read = {"v0.17": v017.read, "v0.21": v021.read}[GENERATIONS[generation].name]
    try:
        return read(data)
    except ValidationError as error:
        raise ConfigError(_told(error)) from None


def _told(error: ValidationError) -> str:
    """Name the field as the real server does, and say where it is."""
    first = error.errors(include_url=False)[0]
    *where, name = [str(part) for part in first["loc"]] or ["configuration"]
    kinds = {"missing": f"missing field `{name}`", "extra_forbidden": f"unknown field `{name}`"}
    what = kinds.get(first["type"], f"{name}: {first['msg']}")
    return f"{what} for key `{'.'.join(where)}`" if where else what
