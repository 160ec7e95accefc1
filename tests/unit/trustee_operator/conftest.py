"""The reference operator against an API server of a few lines."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from trustee_conformance.harness.reference.operator import cluster as api
from trustee_conformance.harness.reference.operator.backend import Done
from trustee_conformance.harness.reference.operator.pod_spec import Images
from trustee_conformance.harness.reference.operator.reconcile import Operator
from trustee_conformance.harness.reference.operator.releases import GENERATIONS, RELEASES
from trustee_conformance.harness.reference.operator.reporter import Reporter

NAMESPACE = "operators"
KINDS = (*api.WATCHED, api.DEPLOYMENT, api.SERVICE)


@dataclass
class ApiServer:
    """Stores objects by path, as the API server does, and refuses what it is told to refuse."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    invalid: str = ""
    writes: list[tuple[str, str]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def request(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if method == "get":
            items = [one for where, one in self.objects.items() if where.startswith(f"{path}/")]
            return self._answer({"items": items, "metadata": {"resourceVersion": "1"}})
        if self.invalid and "/deployments" in path:
            raise self._refusal(422, self.invalid)
        if options.get("dry_run"):
            return self._answer(body)
        self.writes.append((method, path))
        return self._answer(getattr(self, f"_{method}")(path, body) | {})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        meta = dict(body["metadata"])
        name = meta.setdefault("name", f"{meta.pop('generateName', '')}{next(self.numbers)}")
        if f"{path}/{name}" in self.objects:
            raise self._refusal(409, f"{name} already exists")
        meta |= {"namespace": NAMESPACE, "uid": f"uid-{next(self.numbers)}"}
        meta["creationTimestamp"] = f"2026-01-01T00:00:{next(self.numbers) % 60:02}Z"
        body = dict(body)
        texts = body.pop("stringData", {})
        data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        whole = {**body, "metadata": meta}
        return self._store(f"{path}/{name}", whole | ({"data": data} if data else {}))

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.objects[path]["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise self._refusal(409, "the object has been modified")
        return self._store(path, body)

    def _patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        path = path.removesuffix("/status")
        return self._store(path, _merged(self.objects[path], body))

    def _delete(self, path: str, _: Any) -> dict[str, Any]:
        if path not in self.objects:
            raise self._refusal(404, "not found")
        return self.objects.pop(path)

    def _store(self, path: str, thing: dict[str, Any]) -> dict[str, Any]:
        thing = json.loads(json.dumps(thing))
        thing["metadata"]["resourceVersion"] = str(next(self.numbers))
        self.objects[path] = thing
        return thing

    def _answer(self, thing: Any) -> Any:
        return SimpleNamespace(data=json.dumps(thing))

    def _refusal(self, status: int, message: str) -> ApiException:
        refusal = ApiException(status=status, reason="no")
        refusal.body = json.dumps({"message": message})
        return refusal


def _merged(whole: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    new = dict(whole)
    for key, value in change.items():
        new[key] = _merged(new.get(key) or {}, value) if isinstance(value, dict) else value
    return new


@dataclass
class World:
    """A namespace, as a user edits it and as the operator's cache shows it."""

    server: ApiServer
    cluster: api.Cluster

    def sync(self) -> None:
        """Bring the cache to what is there, as the watches do."""
        for kind in KINDS:
            prefix = f"/{kind.api}/namespaces/{NAMESPACE}/{kind.plural}/"
            self.cluster._cache[kind] = {
                path.removeprefix(prefix): json.loads(json.dumps(one))
                for path, one in self.server.objects.items()
                if path.startswith(prefix)
            }
            self.cluster._seen[kind] = 0

    def put(self, kind: api.Kind, name: str, **members: Any) -> dict[str, Any]:
        """Create or change an object as a user."""
        path = self._path(kind, name)
        if path in self.server.objects:
            made = self.server._store(path, _merged(self.server.objects[path], members))
        else:
            made = self.server._post(
                path.rpartition("/")[0], {"metadata": {"name": name}, **members}
            )
        self.sync()
        return made

    def get(self, kind: api.Kind, name: str) -> dict[str, Any] | None:
        return self.server.objects.get(self._path(kind, name))

    def drop(self, kind: api.Kind, name: str) -> None:
        """Delete an object as a user; a finalizer keeps it."""
        thing = self.server.objects[self._path(kind, name)]
        if thing["metadata"].get("finalizers"):
            thing["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            del self.server.objects[self._path(kind, name)]
        self.sync()

    def secret(self, name: str, **content: str) -> None:
        data = {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}
        self.put(api.SECRET, name, data=data)

    def events(self) -> list[tuple[str, str]]:
        """Return reason and message of the events so far."""
        found = [one for path, one in self.server.objects.items() if "/events/" in path]
        return [(one["reason"], one["message"]) for one in found]

    def names(self) -> set[str]:
        """Return kind and name of all objects but events."""
        parts = [path.split("/")[-2:] for path in self.server.objects if "/events/" not in path]
        return {"/".join(pair) for pair in parts}

    def _path(self, kind: api.Kind, name: str) -> str:
        return f"/{kind.api}/namespaces/{NAMESPACE}/{kind.plural}/{name}"


@dataclass
class StillBackend:
    """Keeps what was applied, and lets a test say what became of it."""

    applied: list[dict[str, Any]] = field(default_factory=list)
    up: bool = True
    rolling: bool = False
    there: bool = False

    def apply(self, deployment: dict[str, Any], service: dict[str, Any]) -> Done:
        if self.applied and self.applied[-1] == deployment and self.there:
            return Done.NOTHING
        done = Done.UPDATED if self.there else Done.CREATED
        self.applied.append(deployment)
        self.there = True
        return done

    def delete(self) -> bool:
        there, self.there = self.there, False
        return there

    def tick(self) -> float:
        return 1.0

    @property
    def ready(self) -> bool:
        return self.up and self.there


@pytest.fixture
def world() -> World:
    server = ApiServer()
    made = World(server, api.Cluster(server, NAMESPACE, KINDS))
    made.sync()
    return made


@pytest.fixture
def backend() -> StillBackend:
    return StillBackend()


IMAGES = Images("kbs", ("kbs",), "operator", ("convert",))


@pytest.fixture
def operator(world, backend):
    """Make an operator of a release over the world."""

    def make(name: str = "v0.17", over: Any = backend) -> Operator:
        release = RELEASES[name]
        reporter = Reporter(world.cluster, events=release.events)
        generation = GENERATIONS[release.generation]
        return Operator(world.cluster, over, release, generation, IMAGES, reporter)

    return make


@pytest.fixture
def settled(world, operator):
    """Make an operator over a TrusteeConfig, and let it work until nothing is written any more."""

    def make(name: str = "v0.17", profile: str = "Permissive", over: Any = None) -> Operator:
        world.put(api.TRUSTEE_CONFIG, "trusteeconfig", spec={"profileType": profile})
        made = operator(name) if over is None else operator(name, over)
        settle(world, made)
        return made

    return make


def settle(world: World, operator: Operator) -> None:
    """Reconcile until a reconcile writes nothing."""
    for _ in range(10):
        before = len(world.server.writes)
        operator.reconcile()
        world.sync()
        if len(world.server.writes) == before:
            return
    raise AssertionError(f"the operator never rests: {world.server.writes[-6:]}")


@pytest.fixture(name="settle")
def settle_fixture(world):
    return lambda operator: settle(world, operator)
