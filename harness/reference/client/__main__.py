"""`kbs-client`: the real one's arguments, streams and exit codes.

Success: one line of standard base64 on stdout, exit 0. Failure: nothing on stdout, `Error: ...`
as the last line on stderr, exit 1. Bad arguments: exit 2.
"""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path
from typing import Any

from .. import jose
from ..generation import Generation
from ..protocol import SEGMENTS
from . import admin, logs, rcar
from .arguments import parse
from .errors import ClientError, quoted
from .http import Http
from .policies import BUILT_IN


def main() -> None:
    """Run one command."""
    generation, arguments = parse()
    logs.set_up(generation.client_log)
    try:
        sys.stdout.write(_run(generation, arguments))
    except ClientError as error:
        sys.exit(f"Error: {error}")


def _run(generation: Generation, arguments: argparse.Namespace) -> str:
    """Return what goes to stdout."""
    if arguments.cert_file is not None:
        _read(arguments.cert_file)
    if arguments.command == "config":
        return _configure(arguments)
    http = Http(arguments.url, arguments.cert_file, rcar.USER_AGENT)
    if arguments.command == "attest":
        attester = rcar.Attester(http, _key(arguments.tee_key_file), arguments.init_data)
        return f"{attester.token()}\n"
    value = _get_resource(generation, arguments, http)
    return base64.b64encode(value).decode() + "\n"


def _get_resource(generation: Generation, arguments: argparse.Namespace, http: Http) -> bytes:
    token = _read(arguments.attestation_token) if arguments.attestation_token else None
    if token is not None and arguments.tee_key_file is None:
        raise ClientError(
            "with --attestation-token, --tee-key-file must be given too: the key whose public part "
            "is in the token"
        )
    key = _key(arguments.tee_key_file)
    if generation.client_checks_path and len(arguments.path.split("/")) != SEGMENTS:
        should = "invalid kbs resource uri, should be kbs://<addr-of-kbs>/<repo>/<type>/<tag>"
        raise ClientError(quoted(should))
    credentials: rcar.Credentials = (
        rcar.GivenToken(token.decode(errors="replace").strip())
        if token is not None
        else rcar.Attester(http, key, arguments.init_data)
    )
    return rcar.get_resource(http, credentials, key, arguments.path)


def _configure(arguments: argparse.Namespace) -> str:
    given = vars(arguments)
    if "admin_token_file" in given:
        token = _read(given["admin_token_file"]).decode(errors="replace").strip()
    else:
        token = admin.signed_token(_read(given["auth_private_key"]))
    http = Http(arguments.url, arguments.cert_file, admin.USER_AGENT)
    return _administer(admin.Admin(http, token), given)


def _administer(by: admin.Admin, given: dict[str, Any]) -> str:
    match given["config_command"]:
        case "set-attestation-policy":
            policy = admin.read_file(given["policy_file"])
            by.set_attestation_policy(policy, given["type"], given["id"])
            return _done("attestation policy", "policy", policy)
        case "set-resource-policy":
            built_in = given["built_in"]
            policy = (
                BUILT_IN[built_in].encode() if built_in else admin.read_file(given["policy_file"])
            )
            by.set_resource_policy(policy)
            return _done("resource policy", "policy", policy)
        case "set-resource":
            value = admin.read_file(given["resource_file"])
            by.set_resource(given["path"], value)
            return _done("resource", "resource", value)
        case "delete-resource":
            by.delete_resource(given["path"])
            return "Delete resource success\n"
        case "set-sample-reference-value":
            by.set_sample_reference_value(given["name"], _reference_value(given))
            return "Reference Values Updated\n"
        case _:
            return quoted(by.reference_values(given.get("name"))) + "\n"


def _reference_value(given: dict[str, Any]) -> Any:
    text = given["value"]
    try:
        value: Any = int(text) if given["as_integer"] else text
        if given["as_bool"]:
            value = {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        raise ClientError("the value is not of the kind that it is said to be") from None
    return value if given["as_single_value"] else [value]


def _done(what: str, name: str, content: bytes) -> str:
    return f"Set {what} success \n {name}: {base64.b64encode(content).decode()}\n"


def _key(path: Path | None) -> jose.TeeKey:
    if path is None:
        return jose.new_key()
    try:
        return jose.private_key(_read(path))
    except ValueError as error:
        raise ClientError(f"get key pair failed: {error}") from None


def _read(path: Path) -> bytes:
    """Read a file, and name it where that fails."""
    try:
        return admin.read_file(path)
    except ClientError:
        sys.stderr.write(f"Failed to read: {path}\n")
        raise


if __name__ == "__main__":
    main()
