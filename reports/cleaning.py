"""Goes through every text of a report, however deep it stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def clean(report: T, redact: Callable[[str], str]) -> T:
    """Return the report, or a part of it, with every text in it redacted.

    To be done before a format is rendered: an escape such as `&amp;` splits a secret in two for
    whoever searches what was rendered.
    """
    cleaned: T = _clean(report, cache(redact))
    return cleaned


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    if type(value) is str:  # our own words are enumerations: they stay what they are
        return redact(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        return dataclasses.replace(
            value, **{name: _clean(getattr(value, name), redact) for name in names}
        )
    if isinstance(value, Mapping):
        return {_clean(name, redact): _clean(one, redact) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_clean(one, redact) for one in value)
    return value
