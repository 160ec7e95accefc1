"""The KBS pod and its KbsConfig, as the harness reads and changes them."""

from __future__ import annotations

import json
import os

import psutil
import pytest
from trustee_conformance.harness.adapters.kubernetes import Refused
from trustee_conformance.harness.components.kbs_config import KbsConfig
from trustee_conformance.harness.components.kbs_pod import KbsPod
from trustee_conformance.harness.model.names import Names


@pytest.fixture
def pod(tmp_path):
    """Make a pod whose process is this one."""

    def make(layout: str, **record: object) -> KbsPod:
        (tmp_path / "repository").mkdir(exist_ok=True)
        me = psutil.Process()
        whole = {"name": "kbs-1", "pid": me.pid, "started": me.create_time(), "layout": layout}
        whole |= {"repository": str(tmp_path / "repository"), **record}
        (tmp_path / "pod.json").write_text(json.dumps(whole))
        return KbsPod(tmp_path / "pod.json")

    return make


PLACES = {"flat": "default\\x2Fone\\x2Fkey", "directories": "default/one/key"}


@pytest.mark.parametrize("layout", PLACES)
def test_a_value_is_read_where_the_layout_has_it(pod, tmp_path, layout):
    made = pod(layout)
    assert made.value("one", "key") is None
    assert made.delivery_seen("one", "key") == "no file in the repository"
    place = tmp_path / "repository" / PLACES[layout]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"value")
    assert made.value("one", "key") == b"value"


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "before the pod's start"), (5, "since the pod's start")]
)
def test_a_copy_is_told_by_when_it_was_made(pod, tmp_path, seconds, said):
    made = pod("flat")
    place = tmp_path / "repository" / PLACES["flat"]
    place.write_bytes(b"value")
    started = made.state.stat().st_mtime
    os.utime(place, (started, started + seconds))
    assert said in made.delivery_seen("one", "key")


def test_a_mounted_file_is_told_by_its_link(pod, tmp_path):
    made = pod("directories")
    place = tmp_path / "repository" / PLACES["directories"]
    (place.parent / "..data").mkdir(parents=True)
    (place.parent / "..data" / "key").write_bytes(b"value")
    place.symlink_to("..data/key")
    assert "mounted volume" in made.delivery_seen("one", "key")


def test_a_deleted_pod_is_marked_and_runs_until_the_operator_ends_it(pod):
    made = pod("flat")
    made.delete()
    assert json.loads(made.state.read_text())["deleted"] is True
    assert made.name() == "kbs-1"


def test_a_process_that_has_the_number_of_an_ended_pod_is_none(pod):
    assert pod("flat", started=1.0).name() is None


class Api:
    """A KbsConfig whose list others edit between a look and a patch, as often as told."""

    def __init__(self, names: list[str], edits: int = 0) -> None:
        self.names, self.edits, self.patches = names, edits, 0

    def get(self, *_: object) -> dict[str, object]:
        return {"spec": {"kbsSecretResources": list(self.names)}}

    def json_patch(self, _kind, _name, operations, _namespace) -> None:
        self.patches += 1
        if self.edits:
            self.edits -= 1
            self.names.insert(0, "theirs")
        for operation in operations:
            self._apply(operation)

    def _apply(self, operation: dict[str, str]) -> None:
        where = operation["path"].rpartition("/")[2]
        if operation["op"] == "add":
            self.names.append(operation["value"])
        elif operation["op"] == "remove":
            del self.names[int(where)]
        elif self.names[int(where)] != operation["value"]:
            raise Refused(422, "the test does not hold", "PATCH")


def test_withdrawing_takes_every_entry_and_no_other():
    api = Api(["one", "two", "one"])
    KbsConfig(api, Names()).withdraw("one")
    assert api.names == ["two"]


def test_withdrawing_goes_by_value_when_others_edit_meanwhile():
    api = Api(["one", "two"], edits=1)
    KbsConfig(api, Names()).withdraw("two")
    assert api.names == ["theirs", "one"]


def test_publishing_twice_lists_once():
    api = Api(["one"])
    for _ in range(2):
        KbsConfig(api, Names()).publish("two")
    assert (api.names, api.patches) == (["one", "two"], 1)
