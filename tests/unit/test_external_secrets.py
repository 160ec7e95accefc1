"""What the releases of the External Secrets Operator do not share: flags, CRDs, health."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from trustee_conformance.harness.adapters.kubernetes import EXTERNAL_SECRETS_GROUP
from trustee_conformance.harness.artifacts.provide import Binary
from trustee_conformance.harness.components.external_secrets import (
    SWITCHED_OFF,
    ExternalSecretsProcess,
    flags_of,
    without_webhook,
)
from trustee_conformance.harness.errors import ComponentFailed
from trustee_conformance.harness.wait import Deadline, wait_until

OLD_FLAGS = [
    "enable-leader-election",
    "enable-cluster-store-reconciler",
    "enable-cluster-external-secret-reconciler",
    "enable-push-secret-reconciler",
    "loglevel",
    "metrics-addr",
]
NEW_FLAGS = [*OLD_FLAGS, "enable-cluster-push-secret-reconciler", "live-addr"]

WEBHOOK = {
    "strategy": "Webhook",
    "webhook": {"clientConfig": {"service": {"name": "kubernetes", "path": "/convert"}}},
}
VERSIONS = [
    {"name": "v1alpha1", "served": True, "storage": False},
    {"name": "v1beta1", "served": True, "storage": True},
]
STORES = "secretstores.external-secrets.io"
SECRETS = "externalsecrets.external-secrets.io"
STATES = "generatorstates.generators.external-secrets.io"
NOT_NEEDED = "clusterexternalsecrets.external-secrets.io"

CONTROLLER = """\
#!{python}
import argparse, http.server
parser = argparse.ArgumentParser()
for flag in {flags}:
    parser.add_argument("--" + flag)
given = vars(parser.parse_args())
print(given, flush=True)
host, port = given.get("live_addr", given["metrics_addr"]).split(":")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "{path}" else 404)
        self.end_headers()
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""
"""Like cobra's controllers it ends at once on a flag that it does not know."""


def crd(name: str, conversion: dict | None = None) -> dict:
    spec = {"group": EXTERNAL_SECRETS_GROUP, "versions": VERSIONS}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": spec if conversion is None else {**spec, "conversion": conversion},
    }


class Cluster:
    """Remembers what is applied, and establishes CRDs at once."""

    def __init__(self, served: list[str]) -> None:
        self.served = served
        self.applied: dict[str, dict] = {}
        self.awaited: list[str] = []

    def apply(self, manifest: dict) -> None:
        if manifest["kind"] == "CustomResourceDefinition":
            self.applied[manifest["metadata"]["name"]] = manifest

    def changes(self, _kind: object, name: str, _namespace: None):
        self.awaited.append(name)
        while True:
            established = name in self.applied
            yield {"status": {"conditions": [{"type": "Established", "status": str(established)}]}}

    def served_versions(self, group: str) -> list[str]:
        assert group == EXTERNAL_SECRETS_GROUP
        return self.served


def part(tmp_path: Path, *bundle: dict, controller: str = "") -> ExternalSecretsProcess:
    crds, program = tmp_path / "crds.yaml", tmp_path / "controller"
    crds.write_text(yaml.safe_dump_all(bundle))
    program.write_text(controller)
    program.chmod(0o755)
    return ExternalSecretsProcess(Binary(program, "a test"), crds, tmp_path)


@pytest.mark.parametrize(("flags", "path"), [(OLD_FLAGS, "/metrics"), (NEW_FLAGS, "/healthz")])
def test_a_controller_gets_the_flags_it_knows_and_is_asked_where_it_answers(tmp_path, flags, path):
    text = CONTROLLER.format(python=sys.executable, flags=flags, path=path)
    external_secrets = part(tmp_path, controller=text)
    external_secrets.start(tmp_path / "kubeconfig")
    try:
        wait_until(
            external_secrets.health,
            lambda health: health == "ok",
            expected="the controller to answer",
            deadline=Deadline("health", 10),
        )
    finally:
        external_secrets.kill()
    log = external_secrets.log.tail()
    for flag in flags:
        switched_off = flag in SWITCHED_OFF
        assert (f"'{flag.replace('-', '_')}': 'false'" in log) is switched_off
    assert "None" not in log


def test_a_controller_that_is_none_is_told(tmp_path):
    for controller, told in {
        "#!/bin/sh\nexit 1\n": "CalledProcessError",
        "#!/nowhere\n": "FileNotFoundError",
    }.items():
        with pytest.raises(ComponentFailed, match=told):
            part(tmp_path, controller=controller).start(tmp_path / "kubeconfig")


def test_flags_are_read_from_a_controllers_own_help(tmp_path):
    program = tmp_path / "controller"
    program.write_text(
        "#!/bin/sh\ncat << END\n"
        "Flags:\n"
        "      --concurrent int      Needs no --such-flag.\n"
        "  -h, --help                help for external-secrets\n"
        '      --live-addr string    The address. (default ":8082")\n'
        "\n"
        'Use "external-secrets [command] --help" for more information about a command.\n'
        "END\n"
    )
    program.chmod(0o755)
    assert flags_of(program) == {"concurrent", "help", "live-addr"}


def test_a_crd_that_names_a_webhook_keeps_its_versions_and_loses_the_webhook():
    given = crd(STORES, WEBHOOK)
    kept = without_webhook(given)
    assert "conversion" not in kept["spec"]
    assert kept["spec"]["versions"] == VERSIONS
    assert given == crd(STORES, WEBHOOK)


@pytest.mark.parametrize("conversion", [None, {"strategy": "None"}])
def test_a_crd_without_a_webhook_is_applied_as_it_is(conversion):
    assert without_webhook(crd(STORES, conversion)) == crd(STORES, conversion)


@pytest.mark.parametrize("shipped", [[STORES, SECRETS], [STORES, SECRETS, STATES]])
def test_the_crds_that_are_awaited_are_those_that_the_release_has(tmp_path, shipped):
    bundle = [crd(name, WEBHOOK) for name in [NOT_NEEDED, *shipped]]
    external_secrets, cluster = part(tmp_path, *bundle), Cluster(["v1beta1", "v1alpha1"])
    external_secrets.install(cluster)
    external_secrets.await_installed(cluster, Deadline("start", 5))
    assert list(cluster.applied) == cluster.awaited == shipped
    assert all("conversion" not in one["spec"] for one in cluster.applied.values())


@pytest.mark.parametrize(
    ("served", "best"),
    [(["v1"], "v1"), (["v1", "v1beta1"], "v1"), (["v1beta1", "v1alpha1"], "v1beta1")],
)
def test_manifests_follow_the_best_version_that_is_served(tmp_path, served, best):
    external_secrets, cluster = part(tmp_path, crd(STORES)), Cluster(served)
    external_secrets.install(cluster)
    external_secrets.await_installed(cluster, Deadline("start", 5))
    kind = external_secrets.kind("SecretStore")
    assert kind.api_version == f"external-secrets.io/{best}"


def test_a_cluster_that_serves_no_version_is_told(tmp_path):
    with pytest.raises(ComponentFailed, match="serves no API of external-secrets"):
        part(tmp_path).kind("SecretStore")
