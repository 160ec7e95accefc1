"""The words of the project, each with one meaning everywhere.

They appear unchanged in code, features, configuration and reports.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Stage(StrEnum):
    """The five parts of the walkthrough, in its order."""

    INSTALL = "install"
    VAULT_AUTH = "vault-auth"
    SYNC = "sync"
    ATTESTATION_FETCH = "attestation-fetch"
    ROTATION = "rotation"


class Component(StrEnum):
    """A part of the system under test that a verdict can name."""

    STORE = "store"
    EXTERNAL_SECRETS = "external-secrets"
    KUBERNETES = "kubernetes"
    TRUSTEE_OPERATOR = "trustee-operator"
    KBS = "kbs"
    KBS_CLIENT = "kbs-client"


class Hop(StrEnum):
    """A place where the value itself can be seen, in the order it travels."""

    STORE = "store"
    SECRET = "secret"  # noqa: S105 - the name of a place
    KBS = "kbs"
    CLIENT = "client"


class Edge(StrEnum):
    """The way from one place to the next, on which a component works."""

    RUN_STORE = "run->store"
    STORE_SECRET = "store->secret"  # noqa: S105 - the name of a way
    SECRET_KBS = "secret->kbs"  # noqa: S105 - the name of a way
    KBS_CLIENT = "kbs->client"
    SECRET_CLIENT = "secret->client"  # noqa: S105 - the name of a way


class Level(StrEnum):
    """How much a requirement decides."""

    CORE = "core"
    EXTENDED = "extended"
    PROVISIONAL = "provisional"


class Status(StrEnum):
    """What a requirement came to; `error` is the engine's own failure only."""

    PASS = "pass"  # noqa: S105 - a status
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


class Verdict(StrEnum):
    """What a run came to, where it came to anything."""

    CONFORMANT = "conformant"
    REHEARSED = "rehearsed"
    PARTIAL = "partial"
    NOT_CONFORMANT = "not-conformant"


class End(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    DEADLINE = "deadline"


class ExitCode(IntEnum):
    """What the process says to its caller."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    NO_VERDICT = 3
    PARTIAL = 4
    NOTHING_SELECTED = 5
    CANARY_LEAKED = 6
    REHEARSED = 7
    INTERRUPTED = 130
    TERMINATED = 143
