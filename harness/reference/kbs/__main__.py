"""`kbs --config-file FILE`: a KBS of either generation.

The arguments are the real program's, but for `--generation` and `--protocol`, which say what it is
to be: the real one is built as one of them. Like the real one it says version 0.1.0 whatever it is.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import ssl
import sys
from pathlib import Path

import uvicorn

from ..generation import GENERATIONS, V0_17
from ..protocol import OLDER_VERSIONS, VERSION
from .attestation import AttestationService
from .config import load
from .config.settings import ConfigError, Settings
from .http import Application
from .service import Kbs
from .session import Sessions
from .token import Signer


def main() -> None:
    """Serve until SIGTERM; exit 1 with a message where it cannot be started."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = load(arguments.config_file, arguments.generation)
        kbs = make(settings, arguments.generation, arguments.protocol)
        serve(Application(kbs, settings.payload_limit), settings)
    except (ConfigError, ValueError) as error:
        sys.exit(f"Error: invalid config: {error}")
    except OSError as error:
        sys.exit(f"Error: HTTP initialization failed: {error}")


def make(settings: Settings, generation: str = V0_17.name, protocol: str = VERSION) -> Kbs:
    """Return a KBS with these settings; write the default policy where there is none.

    Raises:
        OSError: the policy cannot be written.
    """
    settings.policy.prepare()
    behaviour = GENERATIONS[generation]
    return Kbs(
        generation=behaviour,
        repository=settings.repository,
        policy=settings.policy,
        attestation=AttestationService(
            behaviour, settings.reference_values, settings.token_lifetime, protocol
        ),
        trust=settings.trust,
        signer=settings.signer or Signer.ephemeral(),
        sessions=Sessions(settings.session_timeout),
    )


def serve(application: Application, settings: Settings) -> None:
    """Serve until SIGTERM.

    Raises:
        OSError: a socket cannot be listened on, or a key or certificate cannot be read.
    """
    tls = settings.tls
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        interface="asgi3",
        ssl_keyfile=tls.private_key if tls else None,
        ssl_certfile=tls.certificate if tls else None,
    )
    try:
        config.load()
    except ssl.SSLError as error:
        raise OSError(f"private_key and certificate: {error.reason}") from None
    sockets = [_listen(one) for one in settings.sockets]
    logging.getLogger("kbs").info("Starting HTTP%s server at %s", "S" * bool(tls), settings.sockets)
    uvicorn.Server(config).run(sockets=sockets)


def _listen(address: str) -> socket.socket:
    """Listen; asyncio sends small answers at once only where the socket says that it is TCP."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host.strip("[]"), int(port)))
    return listening


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kbs", description="Reference key broker service")
    given = os.environ.get("KBS_CONFIG_FILE")
    parser.add_argument(
        "-c",
        "--config-file",
        type=Path,
        default=given and Path(given),
        required=given is None,
        help="TOML, in the format of the generation (or KBS_CONFIG_FILE)",
    )
    parser.add_argument("--generation", choices=GENERATIONS, default=V0_17.name)
    parser.add_argument("--protocol", choices=(*OLDER_VERSIONS, VERSION), default=VERSION)
    parser.add_argument("-V", "--version", action="version", version="kbs 0.1.0")
    return parser


if __name__ == "__main__":
    main()
