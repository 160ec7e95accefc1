"""`python -m trustee_conformance.harness.reference.kbs --config-file FILE`."""

from __future__ import annotations

import argparse
import logging
import sys
import tomllib
from pathlib import Path
from typing import Any

import uvicorn

from .app import Kbs, application
from .repository import Repository


def main() -> None:
    """Serve until SIGTERM; exit 1 with a message where the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="kbs", description="Reference key broker service")
    parser.add_argument("--config-file", type=Path, required=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = tomllib.loads(parser.parse_args().config_file.read_text())
        host, port = _socket(config)
        repository = Repository(_resource_folder(config))
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.exit(f"Error: configuration: {type(error).__name__}: {error}")
    uvicorn.run(
        application(Kbs(repository)),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )


def _socket(config: dict[str, Any]) -> tuple[str, int]:
    host, _, port = config["http_server"]["sockets"][0].rpartition(":")
    return host, int(port)


def _resource_folder(config: dict[str, Any]) -> Path:
    for plugin in config["plugins"]:
        if plugin["name"] == "resource":
            return Path(plugin["dir_path"])
    raise KeyError("plugins: resource")


if __name__ == "__main__":
    main()
