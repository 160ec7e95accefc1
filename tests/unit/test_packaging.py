"""What is in the tree is in the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("features", "fixtures", "harness", "reports", "steps")


def test_every_package_is_declared():
    declared = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    found = {
        "trustee_conformance." + ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert declared == found


def test_every_part_of_the_package_says_that_it_is_typed():
    assert [package for package in PACKAGES if not (ROOT / package / "py.typed").is_file()] == []
