"""What KBS answers when it says no (trustee `kbs/src/error.rs`)."""

from __future__ import annotations

from ..protocol import ERROR_TYPE


class Refusal(Exception):
    """A refusal with the type and the words of the real server.

    Attributes:
        status: The HTTP status.
        variant: The last part of the error type.
        detail: The words.
    """

    def __init__(self, variant: str, detail: str, status: int = 401) -> None:
        super().__init__(detail)
        self.variant, self.detail, self.status = variant, detail, status

    def body(self) -> dict[str, str]:
        """Return the members of the answer's body."""
        return {"type": f"{ERROR_TYPE}{self.variant}", "detail": self.detail}


def token_not_found() -> Refusal:
    """No session, an expired one, or none that has attested."""
    return Refusal("TokenNotFound", "Attestation Token not found")


def token_not_trusted() -> Refusal:
    """A bearer token that is not ours or has expired."""
    return Refusal("TokenVerifierError", "Token Verifier error")


def resource_missing() -> Refusal:
    """No such resource, or no such path: KBS does not tell which."""
    return Refusal("PluginInternalError", "Plugin internal error")


def plugin_not_found(name: str) -> Refusal:
    """The first segment below the prefix names no plugin."""
    return Refusal("PluginNotFound", f"Plugin {name} not found", status=404)


def handshake_failed(what: str) -> Refusal:
    """The handshake was refused, for the reason given."""
    return Refusal("AttestationError", f"Attestation error: RCAR handshake {what}")
