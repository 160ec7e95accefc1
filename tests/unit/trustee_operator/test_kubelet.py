"""Keys that are mounted by subPath: there, absent, and the one that KBS has itself."""

from __future__ import annotations

import pytest
from trustee_conformance.harness.reference.operator.kubelet import Kubelet
from trustee_conformance.harness.reference.operator.texts import ATTESTATION_POLICY

PLACE = "/policies/default_cpu.rego"


def pod(key: str) -> dict:
    mount = {"name": "policy", "mountPath": PLACE, "subPath": key}
    return {
        "volumes": [{"name": "policy", "configMap": {"name": "policy"}}],
        "containers": [{"name": "kbs", "volumeMounts": [mount]}],
    }


@pytest.fixture
def mounted(tmp_path):
    def mount(text: str, key: str = "default_cpu.rego"):
        class Objects:
            @staticmethod
            def get(*_):
                return {"data": {"default_cpu.rego": text}}

        kubelet = Kubelet(tmp_path / "root", Objects())
        kubelet.set_up(pod(key))
        return kubelet.path(PLACE)

    return mount


def test_an_edited_attestation_policy_is_mounted(mounted):
    assert mounted("package policy\n").read_text() == "package policy\n"


def test_the_generated_one_leaves_the_kbs_its_own(mounted):
    place = mounted(ATTESTATION_POLICY)
    assert place.parent.is_dir()
    assert not place.exists()


def test_a_key_that_is_not_there_becomes_a_folder(mounted):
    assert mounted("package policy\n", key="other.rego").is_dir()
