"""The arguments of kbs-client, in either generation.

Source: confidential-containers/trustee `tools/kbs-client/src/main.rs` at v0.17.0 and v0.21.0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..generation import GENERATIONS, V0_17, Generation

ADMIN_TOKEN_FROM = "v0.21"  # noqa: S105 - a release


def parse(arguments: Sequence[str] | None = None) -> tuple[Generation, argparse.Namespace]:
    """Return the generation to be and what it is told; end with 2 where that makes no sense.

    `--generation` comes first: the real program is built as one of them and has no such flag.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--generation", choices=GENERATIONS, default=V0_17.name)
    chosen, rest = first.parse_known_args(sys.argv[1:] if arguments is None else arguments)
    generation = GENERATIONS[chosen.generation]
    return generation, parser(generation).parse_args(rest)


def parser(generation: Generation) -> argparse.ArgumentParser:
    """Return the parser of a generation."""
    top = argparse.ArgumentParser(
        prog="kbs-client", description="Reference client of KBS", allow_abbrev=False
    )
    top.add_argument("-V", "--version", action="version", version="KBS client 0.1.0")
    top.add_argument("--url", default="http://127.0.0.1:8080", help="where KBS answers")
    top.add_argument("--cert-file", type=Path, help="certificate of KBS to trust, PEM")
    commands = top.add_subparsers(dest="command", required=True)
    _get_resource(commands.add_parser("get-resource", allow_abbrev=False))
    attest = commands.add_parser("attest", allow_abbrev=False)
    attest.add_argument("--tee-key-file", type=Path)
    attest.add_argument("init_data", nargs="?")
    _config(commands.add_parser("config", allow_abbrev=False), generation)
    return top


def _get_resource(command: argparse.ArgumentParser) -> None:
    command.add_argument("--path", required=True, help="repository, type and tag")
    command.add_argument("--tee-key-file", type=Path, help="private key, PEM")
    command.add_argument("--attestation-token", type=Path, help="wants --tee-key-file too")
    command.add_argument("init_data", nargs="?", help="plain text")


def _config(config: argparse.ArgumentParser, generation: Generation) -> None:
    by_token = generation.name == ADMIN_TOKEN_FROM
    name = "--admin-token-file" if by_token else "--auth-private-key"
    config.add_argument(name, type=Path, required=True)
    commands = config.add_subparsers(dest="config_command", required=True)
    attestation = commands.add_parser("set-attestation-policy")
    attestation.add_argument("--type")
    attestation.add_argument("--id")
    attestation.add_argument("--policy-file", type=Path, required=True)
    _resource_policy(commands.add_parser("set-resource-policy"))
    resource = commands.add_parser("set-resource")
    resource.add_argument("--path", required=True)
    resource.add_argument("--resource-file", type=Path, required=True)
    if by_token:
        commands.add_parser("delete-resource").add_argument("--path", required=True)
        commands.add_parser("get-reference-value").add_argument("name")
    else:
        commands.add_parser("get-reference-values")
    _reference_value(commands.add_parser("set-sample-reference-value"))


def _resource_policy(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--policy-file", type=Path)
    for name in ("--allow-all", "--deny-all", "--affirming", "--default"):
        which.add_argument(name, dest="built_in", action="store_const", const=name[2:])


def _reference_value(command: argparse.ArgumentParser) -> None:
    command.add_argument("name")
    command.add_argument("value")
    kind = command.add_mutually_exclusive_group()
    kind.add_argument("--as-integer", action="store_true")
    kind.add_argument("--as-bool", action="store_true")
    command.add_argument("--as-single-value", action="store_true")
