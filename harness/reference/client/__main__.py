"""`python -m trustee_conformance.harness.reference.client`: kbs-client's arguments and streams.

Success: one line of standard base64 on stdout, exit 0. Failure: nothing on stdout, `Error: ...`
as the last line on stderr, exit 1. Bad arguments: exit 2. RUST_LOG=none or off silences warnings.
"""

from __future__ import annotations

import argparse
import base64
import logging
import os
import sys

from .rcar import ClientError, RcarClient

SEGMENTS = 3


def main() -> None:
    """Run one command."""
    arguments = _parser().parse_args()
    silent = os.environ.get("RUST_LOG") in {"none", "off", "error"}
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.CRITICAL if silent else logging.WARNING,
        format="[%(asctime)s WARN  %(name)s] %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
    )
    try:
        value = _get(arguments)
    except ClientError as error:
        sys.exit(f"Error: {error}")
    sys.stdout.write(base64.b64encode(value).decode() + "\n")


def _get(arguments: argparse.Namespace) -> bytes:
    if len(arguments.path.split("/")) != SEGMENTS:
        raise ClientError(
            '"invalid kbs resource uri, should be kbs://<addr-of-kbs>/<repo>/<type>/<tag>"'
        )
    return RcarClient(arguments.url, arguments.cert_file).get_resource(arguments.path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kbs-client", description="Reference client of KBS")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--cert-file")
    commands = parser.add_subparsers(dest="command", required=True)
    get_resource = commands.add_parser("get-resource")
    get_resource.add_argument("--path", required=True)
    return parser


if __name__ == "__main__":
    main()
