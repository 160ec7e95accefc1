"""What differs between two generations of KBS and kbs-client, in one table.

Source: recordings of KBS v0.17.0 and v0.21.0; confidential-containers/trustee `kbs/src/error.rs`,
`kbs/src/api_server.rs` and `kbs/docs/config.md` at those releases.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation.

    Attributes:
        name: The release that stands for it.
        token_issuer: The token's `iss`; `None` where it has none.
        admin_error: Type and detail of the answer to an admin request under DenyAll.
        policy_error: The error type of a policy that cannot be evaluated (renamed in v0.19).
        policy_error_tells: Whether that answer's detail says what is wrong.
        methods: The HTTP methods below the prefix (DELETE from v0.20).
        healthz: Whether `/healthz` is there (from v0.21).
        client_checks_path: Whether kbs-client looks at the shape of a path before it asks.
        client_log: How kbs-client's log lines look: `env_logger` or `tracing` (from v0.18).
    """

    name: str
    token_issuer: str | None
    admin_error: tuple[str, str]
    policy_error: str
    policy_error_tells: bool
    methods: tuple[str, ...]
    healthz: bool
    client_checks_path: bool
    client_log: str


V0_17 = Generation(
    name="v0.17",
    token_issuer=None,
    admin_error=("AdminAuth", "Admin auth error: Admin endpoints disabled."),
    policy_error="PolicyEngine",
    policy_error_tells=False,
    methods=("GET", "POST"),
    healthz=False,
    client_checks_path=True,
    client_log="env_logger",
)

V0_21 = Generation(
    name="v0.21",
    token_issuer="CoCo-Attestation-Service",  # noqa: S106 - an issuer's name
    admin_error=(
        "AdminAuthInitialization",
        "failed to initialize [admin] configuration: Admin access denied: "
        "Admin access denied as DenyAll authorization_mode is enabled",
    ),
    policy_error="PolicyEngineError",
    policy_error_tells=True,
    methods=("GET", "POST", "DELETE"),
    healthz=True,
    client_checks_path=False,
    client_log="tracing",
)

GENERATIONS = {one.name: one for one in (V0_17, V0_21)}
