"""The manifests that installers apply."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml


def load(name: str) -> list[dict[str, Any]]:
    """Return the objects of a manifest file of this folder."""
    text = resources.files(__name__).joinpath(name).read_text()
    return [one for one in yaml.safe_load_all(text) if one]
