"""The lab's images on a real cluster of kind, which this makes and deletes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from trustee_conformance.harness.artifacts.cache import Cache
from trustee_conformance.harness.artifacts.catalogue import KIND, KUBERNETES_NODE
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab import images
from trustee_conformance.harness.lab.archive import assemble
from trustee_conformance.harness.lab.building import Lab
from trustee_conformance.harness.lab.docker import Docker, Held
from trustee_conformance.harness.lab.machine import probe

CLI = (sys.executable, "-m", "trustee_conformance.harness.cli")
WARM = 60
"""Seconds that a build may take which has nothing to do."""


def silent(_: object) -> None:
    pass


@pytest.fixture(scope="module")
def docker() -> Docker:
    """The engine, able to start nodes; a machine without one skips these tests."""
    try:
        found = Docker.found()
        probe(found).check()
    except EnvironmentFailed as why:
        pytest.skip(str(why))
    return found


@pytest.fixture(scope="module")
def lab(docker: Docker) -> Lab:
    """The lab, built."""
    done = subprocess.run([*CLI, "lab", "build"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Lab(docker, Cache.default(), silent)


@pytest.fixture(scope="module")
def cluster(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig file of a cluster that is made with the node image."""
    kind = str(lab.cache.provide(KIND, silent) / "kind")
    kubeconfig = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    named = ["--name", f"tc-lab-{os.getpid()}", "--kubeconfig", str(kubeconfig)]
    create = [kind, "create", "cluster", *named, "--image", lab.find("node").names[0]]
    try:
        made = subprocess.run(create, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        yield kubeconfig
    finally:
        subprocess.run([kind, "delete", "cluster", *named], check=True, capture_output=True)


Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def kubectl(lab: Lab, cluster: Path) -> Kubectl:
    program = lab.cache.provide(KUBERNETES_NODE, silent) / "kubectl"

    def call(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [program, f"--kubeconfig={cluster}", *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def pod(name: str, image: Held, **container: object) -> str:
    """Return a pod that fails rather than have its image pulled."""
    one = {"name": "it", "image": image.names[0], "imagePullPolicy": "Never", **container}
    labels = {"app": name}
    spec = {"containers": [one], "terminationGracePeriodSeconds": 0}
    metadata = {"name": name, "labels": labels}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


@pytest.fixture(scope="module")
def pods(lab: Lab, kubectl: Kubectl) -> Kubectl:
    """A store with a Service, a client that sleeps, and ESO, all running."""
    server = ["server", "-dev", "-dev-listen-address=0.0.0.0:8200"]
    health = {"httpGet": {"path": "/v1/sys/health", "port": 8200}, "periodSeconds": 1}
    webhook = ["webhook", "--help"]
    manifests = [
        pod("store", lab.find("openbao"), args=server, readinessProbe=health),
        pod("client", lab.find("reference"), command=["/bin/sleep", "infinity"]),
        pod("webhook", lab.find("external-secrets"), args=webhook),
    ]
    # what makes service accounts comes up beside the API server
    kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=60s")
    kubectl("apply", "-f", "-", given="---\n".join(manifests))
    kubectl("expose", "pod", "store", "--port=8200")
    kubectl("wait", "--for=condition=Ready", "pod/store", "pod/client", "--timeout=120s")
    return kubectl


def test_a_warm_build_has_nothing_to_do(lab):
    before = {one.id for one in lab.docker.images()}
    began = time.monotonic()
    done = subprocess.run([*CLI, "lab", "build"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < WARM
    assert {one.id for one in lab.docker.images()} == before


def test_status_says_that_all_is_there(lab):
    done = subprocess.run([*CLI, "lab", "status"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no CAP" not in done.stdout


def test_every_part_of_the_cluster_becomes_ready(kubectl):
    kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=120s")
    system = ("--namespace=kube-system", "--timeout=120s")
    kubectl("wait", "--for=condition=Available", "deployment/coredns", *system)
    kubectl("wait", "--for=condition=Ready", "pod", "--all", *system)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("kbs", "kbs 0.1.0"),
        ("kbs-client", "KBS client 0.1.0"),
        ("trustee-operator", "emulates v0.17"),
        ("secret-converter", "usage: secret-converter"),
    ],
)
def test_the_programs_of_the_reference_trustee_run_in_a_pod(pods, program, said):
    option = "--help" if program == "secret-converter" else "--version"
    assert said in pods("exec", "client", "--", program, option)


def test_the_modules_run_by_name_as_the_operator_starts_them(pods):
    module = "trustee_conformance.harness.reference.kbs"
    assert "kbs 0.1.0" in pods("exec", "client", "--", "python", "-m", module, "--version")


def test_the_store_answers_a_pod_by_the_name_of_its_service(pods):
    ask = "import urllib.request as u; print(u.urlopen('http://store:8200/v1/sys/health').read())"
    assert '"sealed":false' in pods("exec", "client", "--", "python", "-c", ask)
    assert "OpenBao v" in pods("exec", "store", "--", "vault", "version")


def test_the_slim_operator_serves_its_webhook(pods):
    pods("wait", "pod/webhook", "--for=jsonpath={.status.containerStatuses[0].imageID}")
    assert "Webhook implementation" in pods("logs", "webhook", "--pod-running-timeout=30s")


def test_pods_run_the_images_that_were_built(lab, pods):
    """So nothing has to be loaded: the node image has them."""
    path = "jsonpath={.status.containerStatuses[0].imageID}"
    for name, image in (("store", images.openbao()), ("client", images.reference())):
        built = assemble(image, lab.cache, silent)
        assert pods("get", "pod", name, "-o", path) == f"sha256:{built.id}"


def test_the_node_image_says_what_it_holds(lab):
    node = lab.find("node").id
    form = f'{{{{index .Config.Labels "{images.HOLDS_LABEL}"}}}}'
    held = lab.docker.call("image", "inspect", "--format", form, node).output.strip().split(",")
    kinds = ("openbao", "external-secrets", "reference")
    assert held == [lab.find(kind).names[0] for kind in kinds]
