"""Writes kubeconfig files: who, where, and nobody else may read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .certificates import Pair


def with_certificate(path: Path, server: str, authority: Path, pair: Pair) -> Path:
    """Write a kubeconfig for the user that a client certificate names."""
    user = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    return _write(path, server, authority, user)


def with_token(path: Path, server: str, authority: Path, token: str) -> Path:
    """Write a kubeconfig for the user that a token stands for."""
    return _write(path, server, authority, {"token": token})


def _write(path: Path, server: str, authority: Path, user: dict[str, Any]) -> Path:
    name = "trustee-conformance"
    cluster = {"server": server, "certificate-authority": str(authority)}
    data = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path.touch(0o600)
    path.write_text(yaml.safe_dump(data))
    return path
