"""The back end without a cluster is Deployment controller and kubelet at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from trustee_conformance.harness.reference.operator.cluster import KBS_CONFIG, SECRET
from trustee_conformance.harness.reference.operator.pod import Pod, read, write
from trustee_conformance.harness.reference.operator.process import ProcessBackend, Settings
from trustee_conformance.harness.reference.operator.releases import GENERATIONS, RELEASES

NAME = "trusteeconfig-kbs-config"
OPT = "root/opt/confidential-containers"
FLAT = "default\\x2F{}\\x2F{}"


@dataclass
class StillPod:
    """A pod whose program is a flag."""

    starts: list[list[str]] = field(default_factory=list)
    exists: bool = False
    running: bool = False

    def start(self, command, environment, about):
        self.starts.append(list(command))
        self.exists = self.running = True
        return f"kbs-{len(self.starts)}"

    def stop(self):
        self.exists = self.running = False


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Machine:
    """An operator over a process back end, and time that passes when told to."""

    world: object
    operator: object
    pod: StillPod
    clock: Clock
    folder: Path

    def after(self, seconds: float) -> None:
        self.clock.now += seconds
        self.world.sync()
        self.operator.reconcile()

    def shown(self, place: str) -> str | None:
        path = self.folder / place
        return path.read_text() if path.exists() else None


@pytest.fixture
def machine(world, settled, tmp_path):
    def make(release="v0.17", generation=None) -> Machine:
        pod, clock = StillPod(), Clock()
        of = GENERATIONS[generation or RELEASES[release].generation]
        settings = Settings(tmp_path, "127.0.0.1:1", ("kbs",), 1.0, 5.0)
        backend = ProcessBackend(world.cluster, pod, settings, of, clock)
        world.secret("one", key="old", **{".hidden": "x"})
        operator = settled(release, over=backend)
        operator.generation = of
        made = Machine(world, operator, pod, clock, tmp_path)
        listed = world.get(KBS_CONFIG, NAME)["spec"]["kbsSecretResources"]
        world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": [*listed, "one"]})
        made.after(1)
        made.after(5)
        return made

    return make


LAYOUTS = [
    ("v0.17", "v0.17", f"{OPT}/kbs/repository/default/one/key", "new"),
    ("v0.18", "v0.21", f"{OPT}/storage/repository/{FLAT.format('one', 'key')}", "new"),
    ("v0.19", "v0.21", f"{OPT}/storage/repository/{FLAT.format('one', 'key')}", "old"),
    ("v0.21", "v0.21", f"{OPT}/storage/repository/{FLAT.format('one', 'key')}", "old"),
    ("v0.21", "v0.17", f"{OPT}/kbs/repository/default/one/key", "old"),
]


@pytest.mark.parametrize(("release", "generation", "place", "later"), LAYOUTS)
def test_delivery_and_layout_are_two_things(world, machine, release, generation, place, later):
    made = machine(release, generation)
    assert made.shown(place) == "old"
    world.secret("one", key="new")
    made.after(1)
    assert made.shown(place) == later
    assert len(made.pod.starts) == 2


@pytest.mark.parametrize(("release", "generation", "place", "_later"), LAYOUTS)
def test_a_new_pod_has_the_new_value(world, machine, release, generation, place, _later):
    made = machine(release, generation)
    world.secret("one", key="new")
    made.pod.exists = False  # deleted, and it still runs
    made.after(1)
    assert not made.pod.running
    made.after(5)
    assert made.pod.running
    assert made.shown(place) == "new"


@pytest.mark.parametrize(("release", "generation", "place", "later"), LAYOUTS)
def test_a_program_that_crashes_keeps_its_volumes(
    world, machine, release, generation, place, later
):
    made = machine(release, generation)
    world.secret("one", key="new")
    made.pod.running = False
    made.after(0.5)
    assert (made.pod.running, len(made.pod.starts)) == (True, 3)
    made.after(1)
    assert made.shown(place) == later


def test_crashes_are_backed_off(machine):
    made = machine()
    for wait in (0, 10, 20, 40):
        made.pod.running = False
        if wait:
            made.after(wait - 1)
            assert not made.pod.running
        made.after(1)
        assert made.pod.running


def test_hidden_keys_are_not_copied(machine):
    made = machine("v0.21")
    names = [path.name for path in (made.folder / OPT / "storage/repository").iterdir()]
    assert FLAT.format("one", "key") in names
    assert FLAT.format("one", ".hidden") not in names


@pytest.mark.parametrize("release", RELEASES)
def test_a_secret_deleted_stays_in_the_pod_and_keeps_a_new_one_from_starting(
    world, machine, release, caplog
):
    made = machine(release)
    held = [path for path in made.folder.rglob("*key") if path.is_file()]
    world.drop(SECRET, "one")
    made.after(2)
    assert made.pod.running
    assert [path for path in made.folder.rglob("*key") if path.is_file()] == held
    made.pod.stop()
    made.after(6)
    assert not made.pod.running
    world.secret("one", key="back")
    made.after(1)
    assert made.pod.running


def test_the_list_rolls_with_a_gap(world, machine):
    made = machine()
    world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": ["kbsres1"]})
    made.after(1)
    assert not made.pod.running
    made.after(4.9)
    assert not made.pod.running
    made.after(0.1)
    assert made.pod.running
    assert made.shown(f"{OPT}/kbs/repository/default/one/key") is None


POLICIES = [
    ("v0.17", f"{OPT}/opa/policy.rego", True, False),
    ("v0.18", f"{OPT}/opa/policy.rego", True, False),
    ("v0.19", f"{OPT}/storage/kbs/resource-policy.rego", False, False),
    ("v0.21", f"{OPT}/storage/kbs/resource-policy.rego", False, True),
]


@pytest.mark.parametrize(("release", "place", "live", "rolls"), POLICIES)
def test_a_policy_edit_is_live_or_needs_a_roll(world, machine, release, place, live, rolls):
    made = machine(release)
    before = made.shown(place)
    name = "/api/v1/namespaces/operators/configmaps/trusteeconfig-resource-policy"
    policy = world.server.objects[name]
    world.server._store(name, policy | {"data": {Path(place).name: "edited"}})
    made.after(1)
    assert made.pod.running is not rolls
    made.after(5)
    assert made.shown(place) == ("edited" if live or rolls else before)


def test_no_replicas_no_pod(world, machine):
    made = machine()
    world.put(KBS_CONFIG, NAME, spec={"KbsDeploymentSpec": {"replicas": 0}})
    made.after(1)
    assert not made.pod.running


def test_a_new_operator_takes_the_pod_over(machine):
    made = machine()
    before = made.operator.backend
    again = ProcessBackend(before.cluster, made.pod, before.settings, before.generation, made.clock)
    made.operator.backend = again
    made.after(1)
    assert len(made.pod.starts) == 2


def test_invalid_deployments_leave_what_runs(world, machine, caplog):
    made = machine()
    world.server.invalid = "volumes[11].name: Duplicate value"
    world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": ["kbsres1", "one", "one"]})
    made.after(1)
    made.after(1)
    assert made.pod.running
    assert len(made.pod.starts) == 2
    assert caplog.text.count(world.server.invalid) == 1


def test_a_pod_is_a_process_until_it_is_stopped_or_said_to_be_deleted(tmp_path):
    pod = Pod(tmp_path / "pod.json", 1, tmp_path / "log")
    code = "import os, time; print(os.environ['WORD'], flush=True); time.sleep(60)"
    pod.start([sys.executable, "-c", code], {"WORD": "said"}, {"layout": "flat"})
    try:
        assert (pod.exists, pod.running) == (True, True)
        record = read(pod.state)
        assert record["layout"] == "flat"
        write(pod.state, record | {"deleted": True})
        assert (pod.exists, pod.running) == (False, True)
    finally:
        pod.stop()
    assert (pod.exists, pod.running) == (False, False)
