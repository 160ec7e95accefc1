"""A KBS configuration for a pod that has no file system and no address of its own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w


def localised(text: str, path: Callable[[str], Path], socket: str) -> str:
    """Return a KBS configuration with every absolute path where it is on this machine.

    What is no TOML is returned as it is: to refuse it is KBS's part.

    Args:
        text: The configuration as the ConfigMap has it.
        path: Returns where a path of the pod is.
        socket: Where KBS shall listen, host:port.
    """
    try:
        config = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return text
    config = _mapped(config, path)
    if isinstance(config.get("http_server"), dict):
        config["http_server"]["sockets"] = [socket]
    return tomli_w.dumps(config)


def _mapped(value: Any, path: Callable[[str], Path]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(one, path) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, path) for one in value]
    return str(path(value)) if isinstance(value, str) and value.startswith("/") else value
