"""Each generation takes the configuration that the real one took, and not the other's."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w
from trustee_conformance.harness.reference.kbs.config import load
from trustee_conformance.harness.reference.kbs.config.settings import ConfigError, Settings
from trustee_conformance.harness.reference.kbs.reference_values import ReferenceValues
from trustee_conformance.harness.reference.kbs.repository import Directories, FlatFiles, Memory

V17, V21 = "kbs-config-v0.17.0.toml", "kbs-config-v0.21.0.toml"


@pytest.fixture
def read(vectors, tmp_path):
    """Read a recorded configuration as a generation, after a change."""

    def change_and_load(name: str, generation: str, change=lambda _: None) -> Settings:
        data = tomllib.loads((vectors / name).read_text())
        change(data)
        file = tmp_path / name
        file.write_text(tomli_w.dumps(data))
        return load(file, generation)

    return change_and_load


def test_what_v0_17_was_started_with(read):
    settings = read(V17, "v0.17")
    assert settings.sockets == ("127.0.0.1:18117",)
    assert settings.repository == Directories(Path("/WORK/repository"))
    assert settings.policy.path == Path("/WORK/policy.rego")
    assert (settings.trust.any_key, settings.tls, settings.signer) == (True, None, None)
    assert (settings.session_timeout, settings.token_lifetime) == (300, 300)
    assert settings.payload_limit == 2 << 20


def test_what_v0_21_was_started_with(read):
    settings = read(V21, "v0.21")
    assert settings.sockets == ("127.0.0.1:18121",)
    assert settings.repository == FlatFiles(Path("/WORK/storage/repository"))
    assert settings.policy.path == Path("/WORK/storage/kbs/resource-policy.rego")
    assert settings.reference_values == ReferenceValues(Path("/WORK/storage/reference_value"))
    assert settings.trust.any_key


@pytest.mark.parametrize(
    ("name", "generation", "field"),
    [(V17, "v0.21", "authorization_mode"), (V21, "v0.17", "type")],
)
def test_the_other_generation_does_not_take_it(read, name, generation, field):
    with pytest.raises(ConfigError, match=f"missing field `{field}`"):
        read(name, generation)


def test_v0_21_refuses_unknown_keys_of_admin_and_local_fs_alone(read):
    def old_admin(data):
        data["admin"]["type"] = "DenyAll"

    with pytest.raises(ConfigError, match="unknown field `type` for key `admin`"):
        read(V21, "v0.21", old_admin)

    def unknown_place(data):
        data["storage_backend"]["backends"]["local_fs"]["file_dir_path"] = "/x"

    with pytest.raises(ConfigError, match="unknown field `file_dir_path`"):
        read(V21, "v0.21", unknown_place)

    def unknown_elsewhere(data):
        data["http_server"]["nosuch"] = data["nosuch"] = data["plugins"][0]["nosuch"] = 1

    assert read(V21, "v0.21", unknown_elsewhere)
    assert read(V17, "v0.17", unknown_elsewhere)


def test_an_old_token_switch_is_passed_over_so_that_no_token_is_believed(read):
    def rename(data):
        data["attestation_token"] = {"insecure_key": True}

    assert not read(V21, "v0.21", rename).trust.any_key


def test_the_storage_of_the_resource_plugin_must_be_named_as_the_generation_names_it(read):
    def old_plugin(data):
        data["plugins"] = [{"name": "resource", "type": "LocalFs", "dir_path": "/x"}]

    with pytest.raises(ConfigError, match="missing field `storage_backend_type`"):
        read(V21, "v0.21", old_plugin)

    def new_plugin(data):
        data["plugins"] = [{"name": "resource", "storage_backend_type": "kvstorage"}]

    with pytest.raises(ConfigError, match="missing field `type`"):
        read(V17, "v0.17", new_plugin)


def test_without_storage_v0_21_keeps_everything_in_memory(read):
    def forget(data):
        del data["storage_backend"]

    settings = read(V21, "v0.21", forget)
    assert isinstance(settings.repository, Memory)
    assert settings.policy.path is None
    assert settings.reference_values == ReferenceValues(None)


def test_https_needs_a_key_and_a_certificate(read):
    def secure(data):
        data["http_server"]["insecure_http"] = False

    with pytest.raises(ConfigError, match="HTTPS needs private_key and certificate"):
        read(V17, "v0.17", secure)

    def given(data):
        data["http_server"] |= {
            "insecure_http": False,
            "private_key": "/key",
            "certificate": "/cert",
        }

    assert read(V17, "v0.17", given).tls.private_key == Path("/key")


def test_reference_values_are_where_each_generation_has_them(read):
    def v17(data):
        data["attestation_service"]["rvps_config"]["storage"] = {
            "type": "LocalJson",
            "file_path": "/values.json",
        }

    assert read(V17, "v0.17", v17).reference_values == ReferenceValues(Path("/values.json"))

    def v21(data):
        data["attestation_service"]["rvps_config"]["storage_type"] = "LocalJson"
        data["storage_backend"]["backends"]["local_json"] = {"file_dir_path": "/json"}

    expected = ReferenceValues(Path("/json/reference_value"))
    assert read(V21, "v0.21", v21).reference_values == expected


def test_a_signer_that_is_not_there_is_told(read, tmp_path):
    def sign(data):
        broker = data["attestation_service"].setdefault("attestation_token_broker", {})
        broker["signer"] = {"key_path": str(tmp_path / "absent")}

    with pytest.raises(ValueError, match="token signer: FileNotFoundError"):
        read(V17, "v0.17", sign)


@pytest.mark.parametrize("text", ["x", "[http_server]\nsockets = 1", "\x00", "[[plugins]]\n"])
@pytest.mark.parametrize("generation", ["v0.17", "v0.21"])
def test_nonsense_is_told(tmp_path, text, generation):
    file = tmp_path / "kbs.toml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        load(file, generation)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "absent")
