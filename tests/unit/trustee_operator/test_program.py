"""The operator's command line, and how it finds its cluster."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from kubernetes.config import incluster_config
from trustee_conformance.harness.reference.operator.cluster import connect

MODULE = "trustee_conformance.harness.reference.operator"


def run(*flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    keep = {name: text for name, text in os.environ.items() if "KUBERNETES" not in name}
    command = [sys.executable, "-m", MODULE, *flags]
    environment = keep | variables
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_version_says_whom_it_emulates():
    done = run("--emulates", "v0.19", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("trustee-operator double ")
    assert done.stdout.endswith(", emulates v0.19\n")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--backend", "process"], "needs --folder and --socket and --owner"),
        (["--backend", "workload"], "needs --image or KBS_IMAGE_NAME"),
        (
            ["--backend", "workload", "--image", "kbs", "--kbs-generation", "v0.21"],
            "the release's own KBS generation",
        ),
        (["--backend", "workload", "--image", "kbs"], "there is no --kubeconfig"),
        (["--emulates", "v0.20"], "invalid choice"),
    ],
)
def test_what_cannot_be_used_is_told(flags, message):
    done = run(*flags)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_in_a_pod_it_uses_the_pods_service_account(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("the-token-of-a-pod")
    (tmp_path / "ca.crt").write_text("a certificate")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    settings = connect(None).client.configuration
    assert settings.host == "https://10.0.0.1:443"
    assert settings.ssl_ca_cert == str(tmp_path / "ca.crt")
    assert "the-token-of-a-pod" in settings.auth_settings()["BearerToken"]["value"]
