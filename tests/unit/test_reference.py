"""The reference KBS and client speak to each other over HTTP, and to nobody else."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests
import tomli_w
from trustee_conformance.harness.adapters.process import OwnedProcess, Ports
from trustee_conformance.harness.components.kbs_client import KbsClientProcess
from trustee_conformance.harness.model.observation import Absence
from trustee_conformance.harness.wait import Deadline, wait_until

REFERENCE = "trustee_conformance.harness.reference"
PATH = "default/one/key"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    (folder / "default" / "one").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def url(repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kbs")
    ports = Ports()
    [port] = ports.take(1)
    config = {
        "http_server": {"sockets": [f"127.0.0.1:{port}"]},
        "plugins": [{"name": "resource", "type": "LocalFs", "dir_path": str(repository)}],
    }
    (folder / "kbs.toml").write_text(tomli_w.dumps(config))
    command = [sys.executable, "-m", f"{REFERENCE}.kbs", "--config-file", folder / "kbs.toml"]
    process = OwnedProcess("kbs", command, folder / "log")
    process.start()
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(f"{address}/kbs/v0/resource/a/b/c", timeout=5).status_code == 401
        except requests.ConnectionError:
            return False

    wait_until(answers, bool, expected="KBS to answer", deadline=Deadline("start", 20))
    yield address
    process.stop()
    ports.close()


@pytest.mark.parametrize(
    "value", [b"", b"text", b"line\n", bytes(range(256)), b"\xff" * (1 << 20), "schlüssel".encode()]
)
def test_the_bytes_in_the_repository_are_the_bytes_that_the_client_decodes(url, repository, value):
    (repository / PATH).write_bytes(value)
    assert KbsClientProcess(url).get_resource(PATH).value == value


@pytest.mark.parametrize("path", ["default/one/absent", "default/one/.hidden", "default/../one"])
def test_a_resource_that_is_not_there_is_missing(url, path):
    fetched = KbsClientProcess(url).get_resource(path)
    assert (fetched.absence, fetched.error) == (Absence.MISSING, "PluginInternalError")


def test_a_kbs_that_is_not_there_is_unreachable():
    with closing(Ports()) as ports:
        [port] = ports.take(1)
    fetched = KbsClientProcess(f"http://127.0.0.1:{port}").get_resource(PATH)
    assert fetched.absence is Absence.UNREACHABLE


def client(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"{REFERENCE}.client", "--url", url, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_streams_and_exit_codes_are_the_real_clients(url, repository):
    (repository / PATH).write_bytes(b"value\n")
    done = client(url, "get-resource", "--path", PATH, RUST_LOG="none")
    assert (done.returncode, done.stdout, done.stderr) == (0, "dmFsdWUK\n", "")
    done = client(url, "get-resource", "--path", "default/one/absent", RUST_LOG="none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: request unauthorized\n"
    assert client(url, "get-resource").returncode == 2
    assert client(url).returncode == 2
    done = client(url, "get-resource", "--path", "two/segments")
    assert done.returncode == 1
    assert "invalid kbs resource uri" in done.stderr


def post(url: str, step: str, body: object, **more: object) -> requests.Response:
    return requests.post(f"{url}/kbs/v0/{step}", json=body, timeout=5, **more)


def handshake(url: str) -> tuple[requests.Session, str]:
    session = requests.Session()
    asked = {"version": "0.4.0", "tee": "sample", "extra-params": ""}
    nonce = session.post(f"{url}/kbs/v0/auth", json=asked, timeout=5).json()["nonce"]
    return session, nonce


def variant(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.text)["type"].rpartition("/")[2]


def test_there_is_no_value_without_attestation(url, repository):
    (repository / PATH).write_bytes(b"value")
    resource = f"{url}/kbs/v0/resource/{PATH}"
    assert variant(requests.get(resource, timeout=5)) == (401, "TokenNotFound")
    session, _ = handshake(url)
    assert variant(session.get(resource, timeout=5)) == (401, "TokenNotFound")
    bearer = {"Authorization": "Bearer e30.e30.e30"}
    answer = requests.get(resource, headers=bearer, timeout=5)
    assert variant(answer) == (401, "TokenVerifierError")


def test_evidence_of_another_nonce_or_key_is_refused(url):
    session, nonce = handshake(url)
    assert len(base64.b64decode(nonce)) == 32
    evidence = {
        "runtime-data": {"nonce": nonce, "tee-pubkey": {"kty": "EC"}},
        "tee-evidence": {"primary_evidence": {"report_data": "AAAA", "svn": "1"}},
    }
    answer = session.post(f"{url}/kbs/v0/attest", json=evidence, timeout=5)
    assert variant(answer) == (401, "AttestationError")


def test_another_protocol_version_is_refused(url):
    answer = post(url, "auth", {"version": "0.1.1", "tee": "sample", "extra-params": ""})
    assert variant(answer) == (401, "AttestationError")
    assert "expect =0.4.0 while the request is 0.1.1" in answer.text
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("body", ["x", "[]", "{}", '{"version": 1}', '{"tee": []}', "\x00"])
@pytest.mark.parametrize("step", ["auth", "attest"])
def test_nonsense_is_refused_and_breaks_nothing(url, step, body):
    answer = requests.post(f"{url}/kbs/v0/{step}", data=body, timeout=5)
    assert variant(answer) == (401, "AttestationError")


def test_what_is_not_below_the_prefix_is_not_there(url):
    answer = requests.get(f"{url}/anything", timeout=5)
    assert (answer.status_code, answer.text) == (404, "")


def test_a_broken_configuration_is_told(tmp_path):
    (tmp_path / "kbs.toml").write_text("[[plugins]]\n")
    done = subprocess.run(
        [sys.executable, "-m", f"{REFERENCE}.kbs", "--config-file", tmp_path / "kbs.toml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: configuration: KeyError")
