"""What KBS answers when it says no (trustee `kbs/src/error.rs`)."""

from __future__ import annotations

from ..protocol import ERROR_TYPE


class Refusal(Exception):
    """A refusal with the type and the words of the real server.

    Attributes:
        status: The HTTP status.
        variant: The last part of the error type.
        detail: The words.
        cause: What only the log tells; never a value.
    """

    def __init__(self, variant: str, detail: str, status: int = 401, cause: str = "") -> None:
        super().__init__(detail)
        self.variant, self.detail, self.status, self.cause = variant, detail, status, cause

    def body(self) -> dict[str, str]:
        """Return the members of the answer's body."""
        return {"type": f"{ERROR_TYPE}{self.variant}", "detail": self.detail}


def token_not_found() -> Refusal:
    """No session, an expired one, or none that has attested, and no bearer token."""
    return Refusal("TokenNotFound", "Attestation Token not found")


def token_not_trusted(cause: str) -> Refusal:
    """A token that is not trusted, has expired, or names no key of the client."""
    return Refusal("TokenVerifierError", "Token Verifier error", cause=cause)


def policy_denies() -> Refusal:
    """The resource policy does not allow it, whether or not the resource is there."""
    return Refusal("PolicyDeny", "Access denied by policy")


def plugin_failed(cause: str) -> Refusal:
    """No such resource, or no such path: KBS does not tell which."""
    return Refusal("PluginInternalError", "Plugin internal error", cause=cause)


def plugin_not_found(name: str) -> Refusal:
    """The first segment below the prefix names no plugin."""
    return Refusal("PluginNotFound", f"Plugin {name} not found", status=404)


def key_unusable(cause: str) -> Refusal:
    """The client's key is one that nothing can be encrypted for."""
    return Refusal("JweError", "JWE failed", cause=cause)


def auth_failed(why: str) -> Refusal:
    """The handshake was refused at its first step, for the reason given."""
    return Refusal("AttestationError", f"Attestation error: RCAR handshake Auth failed: {why}")


def attest_failed(cause: str) -> Refusal:
    """The handshake was refused at its second step; KBS does not tell why."""
    return Refusal(
        "AttestationError", "Attestation error: RCAR handshake Attest failed", 401, cause
    )
