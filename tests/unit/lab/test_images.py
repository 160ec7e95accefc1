"""What the images are made of."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from trustee_conformance.harness.artifacts.catalogue import KIND_NODE, KUBERNETES, LAB, PINNED
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab import node, trustee
from trustee_conformance.harness.lab.content import Store
from trustee_conformance.harness.lab.images import HOLDS_LABEL, control_plane, every, kind_node

REFERENCE = Path(trustee.__file__).parents[1] / "reference"
CONFIG = """\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  # use fixed sandbox image
  sandbox_image = "somewhere/pause:3.10"
  restrict_oom_score_adj = false
"""


def imported() -> set[str]:
    """Return the names of other people's packages that the reference Trustee imports."""
    names = set()
    for path in REFERENCE.rglob("*.py"):
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Import):
                names |= {alias.name for alias in one.names}
            elif isinstance(one, ast.ImportFrom) and one.level == 0 and one.module:
                names.add(one.module)
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def test_the_image_has_what_the_reference_trustee_imports_and_no_more():
    providers = importlib.metadata.packages_distributions()
    needed = {re.sub(r"[-_.]+", "-", name).lower() for one in imported() for name in providers[one]}
    assert needed == set(trustee.NEEDS)


def test_packages_are_those_that_are_installed_here():
    pins = dict(one.partition("==")[::2] for one in trustee.pins(trustee.NEEDS))
    assert set(trustee.NEEDS) < set(pins)
    assert "h11" in pins, "what uvicorn needs"
    assert pins["starlette"] == importlib.metadata.version("starlette")


def test_what_only_the_images_python_needs_is_asked_for_without_a_version(monkeypatch):
    requires = {
        "a": ['b; python_version < "3.12"', 'c; python_version > "3.12"', 'd; extra == "x"']
    }
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requires[name])

    def version(name: str) -> str:
        if name not in requires:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1"

    def none(name: str) -> list[str]:
        version(name)
        return requires[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "requires", none)
    assert trustee.pins(("a",)) == ("a==1", "b")


def test_every_pin_is_a_requirement():
    for one in trustee.pins(trustee.NEEDS):
        assert Requirement(one).name


def test_kinds_settings_are_changed_where_the_machine_may_not_allow_them():
    changed = node.changed("etc/containerd/config.toml", CONFIG, "our/pause:1")
    assert '  sandbox_image = "our/pause:1"\n' in changed
    assert "restrict_oom_score_adj = true" in changed
    unit = "LimitNPROC=infinity\nLimitCORE=infinity\nLimitNOFILE=infinity\nOOMScoreAdjust=-999\n"
    changed = node.changed("etc/systemd/system/containerd.service", unit, "")
    assert changed == "LimitNOFILE=65536\n"
    changed = node.changed("etc/default/kubelet", "KUBELET_EXTRA_ARGS=--a=b", "")
    assert changed == f"KUBELET_EXTRA_ARGS=--a=b --config-dir={node.SETTINGS}"


def test_another_release_of_kind_does_not_pass_unchanged():
    with pytest.raises(EnvironmentFailed, match="to be changed"):
        node.changed("etc/default/kubelet", "", "")


def test_every_change_is_of_a_file_that_is_taken():
    assert {name for name, _, _ in node.CHANGES} <= set(KIND_NODE.files)


def test_the_node_image_holds_the_labs_images_and_says_so():
    *own, last = every()
    assert last == kind_node()
    assert last.labels[HOLDS_LABEL].split(",") == [one.name for one in own]
    recipe = last.layers[-1].recipe
    assert isinstance(recipe, Store)
    assert recipe.others == tuple(own)
    assert recipe.control_plane == control_plane()


def test_a_change_in_an_image_changes_the_node_image():
    recipe = kind_node().layers[-1].recipe
    assert isinstance(recipe, Store)
    fewer = Store(recipe.control_plane, recipe.others[1:])
    assert fewer.digest != recipe.digest


def test_images_are_never_pulled():
    assert all(one.name.startswith("localhost/") for one in (*every(), *control_plane()))


def test_the_local_stack_builds_nothing_for_the_lab():
    assert set(KUBERNETES.files) == {"kube-apiserver", "kube-controller-manager"}
    assert {one.key for one in LAB} < {one.key for one in PINNED}
