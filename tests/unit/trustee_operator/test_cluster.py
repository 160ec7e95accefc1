"""The cache shows the newest that is known, whichever of write and watch tells it first."""

from __future__ import annotations

import pytest
from kubernetes.client.exceptions import ApiException
from trustee_conformance.harness.reference.operator.cluster import (
    CONFIG_MAP,
    SECRET,
    Cluster,
    Refused,
    config_map_data,
    secret_data,
)


def thing(version, **members):
    return {"metadata": {"name": "one", "resourceVersion": str(version)}, **members}


@pytest.fixture
def cluster():
    made = Cluster(None, "operators", (SECRET,))
    made._cache[SECRET] = {"one": thing(10)}
    made._seen[SECRET] = 10
    return made


def test_a_write_shows_before_its_event(cluster):
    cluster._remember(SECRET, thing(11, mine=True))
    assert cluster.get(SECRET, "one")["mine"]
    cluster._take(SECRET, "MODIFIED", thing(9))
    assert cluster.get(SECRET, "one")["mine"]


def test_an_answer_that_comes_late_does_not_undo_what_the_watch_told(cluster):
    cluster._take(SECRET, "MODIFIED", thing(12, theirs=True))
    cluster._remember(SECRET, thing(11))
    assert cluster.get(SECRET, "one")["theirs"]


def test_an_answer_that_comes_late_does_not_bring_back_what_is_gone(cluster):
    cluster._take(SECRET, "DELETED", thing(12))
    cluster._remember(SECRET, thing(11))
    assert cluster.get(SECRET, "one") is None


def test_absence_means_something_once_everything_was_listed(cluster):
    assert cluster.synced
    cluster.kinds = (SECRET, CONFIG_MAP)
    assert not cluster.synced


def test_contents_are_bytes():
    assert secret_data({"data": {"key": "AP8="}}) == {"key": b"\x00\xff"}
    both = {"data": {"text": "ä"}, "binaryData": {"raw": "AP8="}}
    assert config_map_data(both) == {"text": "ä".encode(), "raw": b"\x00\xff"}
    assert secret_data({}) == config_map_data({}) == {}


@pytest.mark.parametrize("body", ["", "no JSON", "[]"])
def test_a_refusal_without_a_message_has_a_reason(cluster, body):
    class Server:
        def request(self, *_: object, **__: object) -> None:
            refusal = ApiException(status=502, reason="Bad Gateway")
            refusal.body = body
            raise refusal

    cluster.client = Server()
    with pytest.raises(Refused, match="Bad Gateway") as refused:
        cluster.delete(SECRET, "one")
    assert refused.value.status == 502
