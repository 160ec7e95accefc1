"""The system under test as scenarios see it: by role, whatever platform it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..adapters.kubernetes import Kind, Kubernetes
from ..adapters.store import Store
from ..errors import EnvironmentFailed
from ..model.component import ComponentInfo
from ..model.names import Names
from ..model.words import Component
from ..wait import Deadline
from .kbs_client import Fetched


class StoreRole(Protocol):
    """The secret store."""

    @property
    def url(self) -> str:
        """Where ESO reaches it."""
        ...

    @property
    def api(self) -> Store:
        """Its API, with the rights to set it up."""
        ...


class ExternalSecretsRole(Protocol):
    """The External Secrets Operator."""

    def kind(self, name: str) -> Kind:
        """Return ExternalSecret or SecretStore in the version that is served."""
        ...

    def health(self) -> str:
        """Return `ok`, or what is wrong with the controller."""
        ...

    def stop(self) -> None:
        """Stop the controller."""
        ...


class TrusteeRole(Protocol):
    """The Trustee operator and its KBS."""

    def publish(self, secret: str) -> None:
        """Add a Secret to the KbsConfig's list."""
        ...

    def listed(self) -> list[str]:
        """Return the names on that list."""
        ...

    def is_ready(self) -> bool:
        """Tell what the operator says of the KbsConfig."""
        ...

    def health(self) -> str:
        """Return `ok`, or what is wrong with the operator."""
        ...

    def repository_value(self, secret: str, key: str) -> bytes | None:
        """Return what KBS's repository holds, where it can be read."""
        ...

    def delivery_seen(self, secret: str, key: str) -> str:
        """Say how a value got to where KBS reads it, as what is there shows."""
        ...

    def instance(self) -> str | None:
        """Return which KBS pod runs."""
        ...

    def kbs_health(self) -> str:
        """Return `ok`, or what is wrong with the KBS."""
        ...

    def kbs_configuration(self) -> str | None:
        """Return what KBS was started with, `None` where that cannot be read."""
        ...

    def withdraw(self, secret: str) -> None:
        """Take a Secret off the KbsConfig's list."""
        ...

    def append(self, entry: str) -> None:
        """Add an entry to the KbsConfig's list, whatever is there."""
        ...

    def withdraw_last(self, entry: str) -> None:
        """Take the last entry of that value off the KbsConfig's list."""
        ...

    def replace(self, deadline: Deadline) -> None:
        """Put a fresh KBS pod in place of the one that runs."""
        ...

    def stop_operator(self) -> None:
        """Stop the operator alone."""
        ...


class Log(Protocol):
    """What a part writes of itself, unredacted."""

    def mark(self) -> int:
        """Return a mark for the end that the log has now."""
        ...

    def since(self, mark: int = 0) -> str:
        """Return what was written since a mark."""
        ...

    def tail(self, lines: int = 15) -> str:
        """Return the last lines."""
        ...


class ClientRole(Protocol):
    """A client that fetches resources from KBS."""

    def get_resource(self, path: str) -> Fetched:
        """Fetch a resource."""
        ...


@dataclass(slots=True)
class Stack:
    """All roles of one stack.

    Attributes:
        names: What things are called here.
        kubernetes: The API with the harness's rights.
        kubernetes_host: Where the store reaches the API server.
        kubernetes_ca: The API server's authority, PEM.
        store: The secret store.
        external_secrets: The External Secrets Operator.
        trustee: The Trustee operator and KBS.
        client: The kbs-client under test.
        reader: The second, independent reader of the hop kbs.
        doubles: The components that are this project's own stand-ins.
        delivery_period: Seconds between two looks at a mounted Secret.
        sample_path: Returns the path of a resource that the installation serves of itself.
        vitals: Returns what is wrong with what the stack stands on, `None` where nothing is.
        logs: The log of each part, by the part's name.
        failures: Why a component could not be started.
        easings: Settings that make a run easier than an installation.
    """

    names: Names
    kubernetes: Kubernetes
    kubernetes_host: str
    kubernetes_ca: str
    store: StoreRole
    external_secrets: ExternalSecretsRole
    trustee: TrusteeRole
    client: ClientRole
    reader: ClientRole
    doubles: Sequence[Component]
    delivery_period: float
    sample_path: Callable[[], str]
    vitals: Callable[[], EnvironmentFailed | None]
    infos: Callable[[], Sequence[ComponentInfo]]
    logs: Mapping[str, Log]
    failures: dict[Component, str] = field(default_factory=dict)
    easings: Sequence[str] = ()
