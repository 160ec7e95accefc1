"""The reference operator against a real API server, its validation and its garbage collector."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from trustee_conformance.harness.adapters.kubernetes import (
    EVENT,
    KBS_CONFIG,
    SECRET,
    TRUSTEE_CONFIG,
    Kind,
    Kubernetes,
)
from trustee_conformance.harness.adapters.process import OwnedProcess
from trustee_conformance.harness.artifacts import catalogue
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.provide import Provider
from trustee_conformance.harness.components.control_plane import ControlPlane
from trustee_conformance.harness.components.trustee import Delivery, TrusteeProcess
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.model.names import Names
from trustee_conformance.harness.wait import Deadline, wait_until

# a wait leaves its watch where it is satisfied; the connection is closed when it is collected
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SOON = Deadline("operator", 20)
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
SERVICE = Kind("v1", "Service", "services")
NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
SAMPLE = {"v0.17": "kbsres1", "v0.18": "kbsres1", "v0.21": "attestation-status"}
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def plane(tmp_path_factory) -> Iterator[ControlPlane]:
    provider = Provider(Cache.default(), lambda _: None)
    programs = {
        name: provider.file(artifact, role)
        for name, artifact, role in (
            ("etcd", catalogue.ETCD, "etcd"),
            ("apiserver", catalogue.KUBERNETES, "kube-apiserver"),
            ("controller_manager", catalogue.KUBERNETES, "kube-controller-manager"),
        )
    }
    folder = tmp_path_factory.mktemp("kubernetes")
    made = ControlPlane(**programs, folder=folder, canaries=Canaries())
    made.start()
    made.await_ready(Deadline("start", 60))
    yield made
    made.kill()


@dataclass
class Trustee:
    """An operator of a namespace of its own, as a user sees it."""

    process: TrusteeProcess
    kubernetes: Kubernetes
    names: Names

    @property
    def namespace(self) -> str:
        return self.names.namespace

    def get(self, kind: Kind, name: str) -> dict[str, Any] | None:
        return self.kubernetes.get(kind, name, self.namespace)

    def secret(self, name: str, **content: str) -> None:
        manifest = {"apiVersion": "v1", "kind": "Secret", "stringData": content}
        where = {"name": name, "namespace": self.namespace}
        self.kubernetes.apply({**manifest, "metadata": where})

    def delete(self, kind: Kind, name: str) -> None:
        self.kubernetes._request("delete", kind.path(self.namespace, name))

    def listing(self, names: list[str]) -> None:
        """Set the list to these names."""
        operation = {"op": "replace", "path": "/spec/kbsSecretResources", "value": names}
        kbs_config = self.names.kbs_config
        self.kubernetes.json_patch(KBS_CONFIG, kbs_config, [operation], self.namespace)

    def soon(self, look: Callable[[], Any], expected: str) -> Any:
        return wait_until(look, bool, expected=expected, deadline=SOON)

    def logs(self, text: str) -> None:
        self.soon(lambda: text in self.process.log.since(), text)

    def events(self) -> list[tuple[str, str]]:
        found = self.kubernetes.list_all(EVENT, self.namespace)
        return [(one["reason"], one["message"]) for one in found]

    def shows(self, secret: str, key: str, value: str | None) -> None:
        raw = value.encode() if value is not None else None
        self.soon(lambda: self.process.repository_value(secret, key) == raw, f"{value} there")


@pytest.fixture
def trustee(plane, tmp_path) -> Iterator[Callable[..., Trustee]]:
    made: list[TrusteeProcess] = []

    def make(emulates: str = "v0.17") -> Trustee:
        names = replace(Names(), namespace=f"trustee-{next(numbers)}")
        plane.admin.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names.namespace}}
        )
        process = TrusteeProcess(plane.admin, names, tmp_path, Delivery(emulates, 0.2, 0.1))
        made.append(process)
        process.install()
        process.await_installed(SOON)
        process.start(identity(plane, names.namespace))
        process.await_generated(SOON)
        one = Trustee(process, plane.admin, names)
        one.soon(process.instance, "a KBS pod")
        return one

    yield make
    for process in made:
        process.kill()


def identity(plane: ControlPlane, namespace: str) -> Path:
    """Return a kubeconfig with the rights of the operator's ServiceAccount and no others."""
    token = plane.admin.token("trustee-operator", namespace, seconds=3600)
    return plane.kubeconfig(f"{namespace}-operator", token)


def test_the_same_name_twice_is_refused_in_the_api_servers_words(trustee):
    one = trustee()
    one.secret("vault-test-secret", key="value")
    one.process.publish("vault-test-secret")
    one.shows("vault-test-secret", "key", "value")
    before = one.process.instance()
    one.listing(["kbsres1", "vault-test-secret", "vault-test-secret"])
    one.logs(
        'Deployment.apps "trustee-deployment" is invalid: '
        '[spec.template.spec.volumes[10].name: Duplicate value: "vault-test-secret"'
    )
    assert one.process.is_ready()
    assert one.process.instance() == before
    one.secret("vault-test-secret", key="rotated")
    one.shows("vault-test-secret", "key", "rotated")
    one.listing(["kbsres1"])
    one.shows("vault-test-secret", "key", None)
    assert one.process.instance() != before


BAD = {
    "dotted.name": "must not contain dots",
    "n" * 64: "must be no more than 63",
    "auth-secret": 'Duplicate value: "auth-secret"',
    "kbs-config": 'Duplicate value: "kbs-config"',
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("release", ["v0.18", "v0.21"])
def test_a_name_that_is_no_name_for_a_volume_is_refused(trustee, release, name):
    one = trustee(release)
    before = one.process.instance()
    one.secret(name, key="value")
    one.process.publish(name)
    one.logs(BAD[name])
    assert one.process.is_ready()
    told = [text for reason, text in one.events() if reason == "DeploymentUpdateFailed"]
    assert len(told) == 1
    assert BAD[name] in told[0]
    one.process.withdraw(name)
    assert one.process.listed() == [SAMPLE[release]]
    one.secret("another", key="value")
    one.process.publish("another")
    one.soon(lambda: one.process.instance() not in {None, before}, "another pod")


def test_a_secret_that_comes_later_heals(trustee):
    one = trustee()
    one.process.publish("late")
    one.logs('Error in creating/updating KBS deployment: Secret "late" not found')
    assert one.process.is_ready()
    one.secret("late", key="value")
    one.shows("late", "key", "value")


DELIVERED = [("v0.17", "new"), ("v0.18", "new"), ("v0.21", "old")]


@pytest.mark.parametrize(("release", "later"), DELIVERED)
def test_a_new_value_arrives_as_the_release_delivers_it(trustee, release, later):
    one = trustee(release)
    one.secret("one", key="old", other="old")
    one.process.publish("one")
    one.shows("one", "key", "old")
    one.secret("one", key="new", other="old")
    one.secret("marker", key="x")
    one.logs("volume one shows a new content")
    one.shows("one", "key", later)
    seen = one.process.delivery_seen("one", "key")
    assert ("before the pod's start" in seen) is (later == "old")
    before = one.process.instance()
    one.process.replace(SOON)
    assert one.process.instance() != before
    one.shows("one", "key", "new")


def test_what_withdraw_leaves(trustee):
    one = trustee()
    one.listing(["one", "two", "one", "three"])
    one.process.withdraw("one")
    one.process.withdraw("absent")
    assert one.process.listed() == ["two", "three"]


def test_v0_18_makes_again_what_is_deleted(trustee):
    one = trustee("v0.18")
    name = f"{one.names.trustee_config}-resource-policy"
    uid = one.get(CONFIG_MAP, name)["metadata"]["uid"]
    one.delete(CONFIG_MAP, name)
    again = one.soon(lambda: one.get(CONFIG_MAP, name), name)
    assert again["metadata"]["uid"] != uid


def test_a_kbs_config_that_is_deleted_takes_its_pod_along_and_comes_back(trustee):
    one = trustee()
    before = one.process.instance()
    uid = one.get(KBS_CONFIG, one.names.kbs_config)["metadata"]["uid"]
    one.delete(KBS_CONFIG, one.names.kbs_config)

    def another() -> bool:
        found = one.get(KBS_CONFIG, one.names.kbs_config)
        return found is not None and found["metadata"]["uid"] != uid

    one.soon(another, "another KbsConfig")
    one.soon(lambda: one.process.instance() not in {None, before}, "another pod")


def test_all_goes_with_the_trustee_config(trustee):
    one = trustee()
    one.delete(TRUSTEE_CONFIG, one.names.trustee_config)
    one.soon(lambda: one.get(KBS_CONFIG, one.names.kbs_config) is None, "no KbsConfig")
    one.soon(lambda: one.get(SECRET, "kbsres1") is None, "no sample")
    one.soon(lambda: one.process.instance() is None, "no pod")


def test_what_the_double_is_comes_from_the_double(trustee):
    operator, _ = trustee("v0.18").process.infos()
    assert operator.source.endswith("(this project's double), emulates v0.18")


@pytest.mark.parametrize("release", ["v0.17", "v0.18", "v0.19", "v0.21"])
def test_a_cluster_takes_the_workload(plane, trustee, tmp_path, release):
    """No kubelet is here: that the API server takes the objects and adds no other is all."""
    one = trustee(release)
    one.process.stop_operator()
    flags = ["--backend", "workload", "--image", "kbs:1", "--operator-image", "operator:1"]
    kubeconfig = plane.folder / f"{one.namespace}-operator.kubeconfig"
    module = "trustee_conformance.harness.reference.operator"
    flags += ["--kubeconfig", str(kubeconfig), "--namespace", one.namespace]
    command = [sys.executable, "-m", module, "--emulates", release, *flags]
    process = OwnedProcess("operator", command, tmp_path / "workload.log")
    process.start()
    try:
        made = one.soon(lambda: one.get(DEPLOYMENT, "trustee-deployment"), "a Deployment")
        assert one.soon(lambda: one.get(SERVICE, "kbs-service"), "a Service")
        one.secret("another", key="value")
        one.listing([SAMPLE.get(release, "kbsres1"), "another"])

        def grown() -> bool:
            found = one.get(DEPLOYMENT, "trustee-deployment")
            volumes = found["spec"]["template"]["spec"]["volumes"]
            return "another" in [volume["name"] for volume in volumes]

        one.soon(grown, "the volume")
        settled = one.get(DEPLOYMENT, "trustee-deployment")["metadata"]
        assert settled["generation"] == made["metadata"]["generation"] + 1
        one.listing([SAMPLE.get(release, "kbsres1"), "another", "another"])
        one.soon(lambda: "Duplicate value" in (tmp_path / "workload.log").read_text(), "refused")
        assert one.get(DEPLOYMENT, "trustee-deployment")["metadata"]["generation"] == 2
    finally:
        process.stop()
