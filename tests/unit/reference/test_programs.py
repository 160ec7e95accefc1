"""KBS and kbs-client as programs: arguments, streams, exit codes, and what they say."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tomllib
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests
import tomli_w
from joserfc.jwk import ECKey, OKPKey, RSAKey
from trustee_conformance.harness.adapters.process import OwnedProcess, Ports
from trustee_conformance.harness.components.kbs_client import KbsClientProcess
from trustee_conformance.harness.model.observation import Absence
from trustee_conformance.harness.reference import executable
from trustee_conformance.harness.wait import Deadline, wait_until

REFERENCE = "trustee_conformance.harness.reference"
PATH = "default/one/key"
CONFIGURED = {"v0.17": "kbs-config-v0.17.0.toml", "v0.21": "kbs-config-v0.21.0.toml"}
KBS = [sys.executable, "-m", f"{REFERENCE}.kbs"]


class Server:
    """A KBS that was started with a recorded configuration, its paths and port changed."""

    def __init__(self, generation: str, folder: Path, vectors: Path, stack: ExitStack) -> None:
        self.generation, self.folder = generation, folder
        [port] = stack.enter_context(closing(Ports())).take(1)
        self.url = f"http://127.0.0.1:{port}"
        text = (vectors / CONFIGURED[generation]).read_text().replace("/WORK", str(folder))
        config = tomllib.loads(text)
        config["http_server"]["sockets"] = [f"127.0.0.1:{port}"]
        self.config = folder / "kbs.toml"
        self.config.write_text(tomli_w.dumps(config))
        flags = ["--config-file", str(self.config), "--generation", generation]
        process = OwnedProcess("kbs", [*KBS, *flags], folder / "log")
        process.start()
        stack.callback(process.stop)
        wait_until(self.answers, bool, expected="KBS to answer", deadline=Deadline("start", 20))

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/metrics", timeout=5).ok
        except requests.ConnectionError:
            return False

    @property
    def policy(self) -> Path:
        flat = self.folder / "storage" / "kbs" / "resource-policy.rego"
        return flat if self.generation == "v0.21" else self.folder / "policy.rego"

    def put(self, value: bytes, path: str = PATH) -> None:
        if self.generation == "v0.21":
            file = self.folder / "storage" / "repository" / path.replace("/", r"\x2F")
        else:
            file = self.folder / "repository" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)


@pytest.fixture(scope="module", params=["v0.17", "v0.21"])
def server(request, tmp_path_factory, vectors):
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("kbs")
        made = Server(request.param, folder, vectors, stack)
        assert "default allow" in made.policy.read_text()
        made.policy.write_text("package policy\ndefault allow = true\n")
        yield made


def client(
    url: str, *arguments: str, generation: str = "v0.17", **environment: str
) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", f"{REFERENCE}.client", "--generation", generation]
    return subprocess.run(
        [*program, "--url", url, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def get(url: str, path: str = PATH, *arguments: str, **more: str):
    return client(url, "get-resource", "--path", path, *arguments, **more)


@pytest.mark.parametrize(
    "value", [b"", b"text", b"line\n", bytes(range(256)), b"\xff" * (1 << 20), "schlüssel".encode()]
)
def test_the_bytes_in_the_repository_are_the_bytes_that_the_client_decodes(server, value):
    server.put(value)
    assert KbsClientProcess(server.url).get_resource(PATH).value == value


@pytest.mark.parametrize("path", ["default/one/absent", "default/one/.hidden", "default/../one"])
def test_a_resource_that_is_not_there_is_missing(server, path):
    fetched = KbsClientProcess(server.url).get_resource(path)
    assert (fetched.absence, fetched.error) == (Absence.MISSING, "PluginInternalError")


def test_a_kbs_that_is_not_there_is_unreachable():
    with closing(Ports()) as ports:
        [port] = ports.take(1)
    fetched = KbsClientProcess(f"http://127.0.0.1:{port}").get_resource(PATH)
    assert fetched.absence is Absence.UNREACHABLE


@pytest.mark.parametrize("generation", ["v0.17", "v0.21"])
def test_streams_and_exit_codes(server, generation):
    server.put(b"value\n")
    done = get(server.url, RUST_LOG="off", generation=generation)
    assert (done.returncode, done.stdout, done.stderr) == (0, "dmFsdWUK\n", "")
    done = get(server.url, "default/one/absent", RUST_LOG="none", generation=generation)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: request unauthorized\n"
    assert client(server.url, "get-resource", generation=generation).returncode == 2
    assert client(server.url, generation=generation).returncode == 2
    assert client(server.url, "--version", generation=generation).returncode == 0
    with closing(Ports()) as ports:
        [port] = ports.take(1)
    done = get(f"http://127.0.0.1:{port}", RUST_LOG="off", generation=generation)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: http request failed: ")


@pytest.mark.parametrize("path", ["two/segments", "one/too/many/segments"])
def test_the_shape_of_a_path_is_the_older_clients_concern(server, path):
    done = get(server.url, path, RUST_LOG="off")
    should = "invalid kbs resource uri, should be kbs://<addr-of-kbs>/<repo>/<type>/<tag>"
    assert (done.returncode, done.stderr) == (1, f'Error: "{should}"\n')
    done = get(server.url, path, RUST_LOG="off", generation="v0.21")
    assert (done.returncode, done.stderr) == (1, "Error: request unauthorized\n")


ENV_LOGGER = re.compile(r"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARN  [a-z_:]+\] ")
TRACING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z  WARN [a-z_:]+: ")


@pytest.mark.parametrize(
    ("generation", "line"), [("v0.17", ENV_LOGGER), ("v0.21", TRACING)], ids=["v0.17", "v0.21"]
)
def test_a_success_warns_twice_on_stderr(server, generation, line):
    server.put(b"value")
    done = get(server.url, NO_COLOR="1", generation=generation)
    assert len(line.findall(done.stderr)) == 2
    assert done.stderr.index("Sample Attester") < done.stderr.index("TokenNotFound")
    coloured = get(server.url, generation=generation)
    assert ("\x1b[" in coloured.stderr) is (generation == "v0.21")
    silenced = get(server.url, RUST_LOG="error", generation=generation)
    assert silenced.stderr == ""
    elsewhere = get(server.url, RUST_LOG="off,attester=warn", generation=generation)
    assert elsewhere.stderr.count("WARN") == 1


def test_a_refusal_names_its_type_three_times(server):
    done = get(server.url, "default/one/absent", RUST_LOG="warn", NO_COLOR="1")
    assert done.stderr.count("TokenNotFound") == 1
    assert done.stderr.count("PluginInternalError") == 2
    assert done.stderr.count("new RCAR handshake") == 3
    assert done.stderr.splitlines()[-1] == "Error: request unauthorized"


@pytest.mark.parametrize("kind", ["P-256", "P-521", "RSA"])
def test_a_token_and_its_key_can_be_used_again(server, tmp_path, kind):
    server.put(b"value")
    made = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key(kind)
    key, token = tmp_path / "key.pem", tmp_path / "token"
    key.write_bytes(made.as_pem(private=True))
    done = client(server.url, "attest", "--tee-key-file", str(key), RUST_LOG="off")
    assert done.returncode == 0, done.stderr
    token.write_text(done.stdout)
    by_token = ["--attestation-token", str(token)]
    with_key = [*by_token, "--tee-key-file", str(key)]
    assert get(server.url, PATH, *with_key, RUST_LOG="off").stdout == "dmFsdWU=\n"
    done = get(server.url, PATH, *by_token)
    assert (done.returncode, "--tee-key-file must be given too" in done.stderr) == (1, True)
    other = tmp_path / "other.pem"
    other.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    done = get(server.url, PATH, *by_token, "--tee-key-file", str(other), RUST_LOG="off")
    assert done.stderr.startswith("Error: decrypt KBS response body failed")


def test_init_data_goes_along(server):
    server.put(b"value")
    assert get(server.url, PATH, 'version = "0.1.0"', RUST_LOG="off").stdout == "dmFsdWU=\n"
    done = get(server.url, PATH, "not toml", RUST_LOG="off")
    assert done.stderr.startswith("Error: RCAR handshake failed: ")


def test_a_file_that_is_not_there_is_named(server, tmp_path):
    absent = str(tmp_path / "absent")
    for done in (
        get(server.url, PATH, "--tee-key-file", absent),
        client(server.url, "--cert-file", absent, "attest"),
    ):
        assert done.returncode == 1
        assert done.stderr.splitlines()[-2:] == [
            f"Failed to read: {absent}",
            "Error: No such file or directory (os error 2)",
        ]


def admin_commands(folder: Path) -> dict[str, list[str]]:
    file = folder / "file"
    file.write_text("package policy\n")
    return {
        "set-resource": ["--path", PATH, "--resource-file", str(file)],
        "set-resource-policy": ["--policy-file", str(file)],
        "set-attestation-policy": ["--policy-file", str(file)],
        "set-sample-reference-value": ["svn", "1", "--as-integer"],
    }


@pytest.mark.parametrize(
    ("generation", "flag", "more"),
    [
        ("v0.17", "--auth-private-key", {"get-reference-values": []}),
        (
            "v0.21",
            "--admin-token-file",
            {"get-reference-value": ["svn"], "delete-resource": ["--path", PATH]},
        ),
    ],
)
def test_administrators_are_refused(server, tmp_path, generation, flag, more):
    credential = tmp_path / "credential"
    key = OKPKey.generate_key("Ed25519")
    credential.write_bytes(key.as_pem(private=True) if generation == "v0.17" else b"a.b.c")
    commands = admin_commands(tmp_path) | more
    for command, arguments in commands.items():
        done = client(
            server.url, "config", flag, str(credential), command, *arguments, generation=generation
        )
        assert (done.returncode, done.stdout) == (1, ""), command
        refused = "AdminAuth" if command != "delete-resource" else 'AdminAuth|""'
        assert re.search(refused, done.stderr), command
        assert done.stderr.startswith("Error: Request Failed, Response: "), command
    other = "--admin-token-file" if generation == "v0.17" else "--auth-private-key"
    done = client(server.url, "config", other, "x", "set-resource", generation=generation)
    assert done.returncode == 2


def test_a_key_of_another_kind_makes_no_administrator(server, tmp_path):
    file = tmp_path / "key"
    file.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    done = client(server.url, "config", "--auth-private-key", str(file), "get-reference-values")
    assert done.stderr == "Error: invalid private key: an Ed25519 key in PEM is expected\n"


def kbs(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KBS, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_every_kbs_says_the_same_version():
    for generation in CONFIGURED:
        done = kbs("--generation", generation, "--version")
        assert (done.returncode, done.stdout) == (0, "kbs 0.1.0\n")


def test_a_configuration_of_the_other_generation_ends_it_with_a_message(vectors):
    done = kbs("--config-file", str(vectors / CONFIGURED["v0.17"]), "--generation", "v0.21")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: invalid config: missing field `authorization_mode`")
    assert kbs(KBS_CONFIG_FILE=str(vectors / "absent")).returncode == 1
    assert kbs().returncode == 2


def test_a_taken_port_ends_it_with_a_message(server):
    done = kbs("-c", str(server.config), "--generation", server.generation)
    assert done.returncode == 1
    assert "Error: HTTP initialization failed: " in done.stderr
    assert "Address already in use" in done.stderr


def test_a_broken_certificate_ends_it_with_a_message(server, tmp_path):
    config = tomllib.loads(server.config.read_text())
    (tmp_path / "nonsense").write_text("nonsense")
    pair = {"private_key": str(tmp_path / "nonsense"), "certificate": str(tmp_path / "nonsense")}
    config["http_server"] |= {"insecure_http": False, **pair}
    file = tmp_path / "kbs.toml"
    file.write_text(tomli_w.dumps(config))
    done = kbs("-c", str(file), "--generation", server.generation)
    assert done.returncode == 1
    assert "private_key and certificate" in done.stderr


def test_what_the_log_tells_of_refusals_is_no_secret(server):
    server.put(b"a value that is secret")
    assert get(server.url).returncode == 0
    get(server.url, "default/one/absent")
    log = (server.folder / "log").read_text()
    assert "PluginInternalError resource not found: default/one/absent" in log
    for secret in (b"a value that is secret", base64.b64encode(b"a value that is secret")):
        assert secret.decode() not in log
    assert json.dumps("GET /kbs/v0/resource/default/one/absent") in log
    assert "eyJ" not in log


def test_a_program_is_written_as_one_file_of_its_generation(server, tmp_path):
    for generation, sent in (("v0.17", False), ("v0.21", True)):
        file = tmp_path / f"kbs-client-{generation}"
        executable.write("kbs-client", file, generation)
        done = subprocess.run(
            [file, "--url", server.url, "get-resource", "--path", "two/segments"],
            capture_output=True,
            text=True,
            env={"NO_COLOR": "1"},
            check=False,
        )
        assert ("invalid kbs resource uri" in done.stderr) is not sent
        assert ("request unauthorized" in done.stderr) is sent


def test_a_program_that_cannot_be_written_is_told(tmp_path):
    module = f"{REFERENCE}.executable"
    done = subprocess.run(
        [sys.executable, "-m", module, "kbs", str(tmp_path / "absent" / "kbs")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "No such file or directory" in done.stderr) == (1, True)
