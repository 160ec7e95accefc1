"""Configuration: order, origins, and everything that is wrong with input."""

from __future__ import annotations

from typing import get_args

import pytest
from trustee_conformance.harness.artifacts.catalogue import EXTERNAL_SECRETS
from trustee_conformance.harness.config import (
    ExternalSecretsSettings,
    configure,
    environment_name,
    known_keys,
)
from trustee_conformance.harness.errors import UsageError

SYNC_VARIABLE = "TRUSTEE_CONFORMANCE_DEADLINES_SYNC"


def configured(tmp_path, text=None, assignments=(), environment=None, **options):
    file = None
    if text is not None:
        file = tmp_path / "conformance.yaml"
        file.write_text(text)
    return configure(file, assignments, options, environment or {})


def test_flags_win_over_environment_over_file_over_defaults(tmp_path):
    text = "deadlines: {sync: 2, auth: 2, start: 2}\n"
    environment = {SYNC_VARIABLE: "3", "TRUSTEE_CONFORMANCE_DEADLINES_AUTH": "3"}
    done = configured(tmp_path, text, ["deadlines.sync=4"], environment)
    deadlines = done.settings.deadlines
    assert (deadlines.sync, deadlines.auth, deadlines.start) == (4, 3, 2)
    origins = {key: origin for key, _, origin in done.rows()}
    assert origins["deadlines.sync"] == "--set deadlines.sync"
    assert origins["deadlines.auth"] == "TRUSTEE_CONFORMANCE_DEADLINES_AUTH"
    assert origins["deadlines.start"].endswith("conformance.yaml")
    assert origins["deadlines.fetch"] == "default"


def test_camel_case_keys_have_readable_variables():
    name = environment_name("externalSecrets.version")
    assert name == "TRUSTEE_CONFORMANCE_EXTERNAL_SECRETS_VERSION"
    assert len({environment_name(key) for key in known_keys()}) == len(known_keys())


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("stoer.path=/x", "unknown configuration key stoer.path"),
        ("nothing", "expected KEY=VALUE"),
        ("externalSecrets.version=v9", "externalSecrets.version = 'v9'"),
        ("store.implementation=vualt", "store.implementation = 'vualt'"),
        ("deadlines.sync=soon", "deadlines.sync = 'soon'"),
        ("deadlines.sync=0", "greater than 0"),
        ("deadlines.sync=nan", "deadlines.sync = 'nan'"),
        ("deadlines.sync=inf", "less than or equal to 86400"),
        ("platform=cloud", "platform = 'cloud'"),
        ("profile=everything", "profile = 'everything'"),
        ("kbs.version=v0.19", "kbs.version = 'v0.19'"),
        ("kbs.protocol=0.3.0", "kbs.protocol = '0.3.0'"),
        ("store=x", "unknown configuration key store"),
    ],
)
def test_bad_settings_are_refused_with_key_value_and_origin(tmp_path, assignment, told):
    with pytest.raises(UsageError) as caught:
        configured(tmp_path, assignments=[assignment])
    assert told in str(caught.value)
    assert "--set" in str(caught.value)


def test_a_period_that_no_deadline_allows_for_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"deadlines\.delivery must be over 61 s"):
        configured(tmp_path, assignments=["trusteeOperator.period=60"])


@pytest.mark.parametrize("release", ["v0.17", "v0.18", "v0.19", "v0.21"])
def test_the_operator_emulates_a_release_that_there_was(tmp_path, release):
    settings = configured(tmp_path, assignments=[f"trusteeOperator.emulates={release}"]).settings
    assert settings.trustee_operator.emulates == release
    with pytest.raises(UsageError, match=r"trusteeOperator\.emulates"):
        configured(tmp_path, assignments=["trusteeOperator.emulates=v0.20"])


def test_a_path_must_be_a_program(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    for path, told in [
        (tmp_path / "absent", "there is no such file"),
        (tmp_path, "found a folder"),
        (plain, "not executable"),
    ]:
        with pytest.raises(UsageError, match=told):
            configured(tmp_path, assignments=[f"store.path={path}"])
        with pytest.raises(UsageError, match=told):
            configured(tmp_path, assignments=[f"kbs.path={path}"])


def test_a_program_by_path_has_a_protocol_of_its_own(tmp_path):
    assert configured(tmp_path, assignments=["kbs.protocol=0.2.0"]).settings.kbs.protocol == "0.2.0"
    with pytest.raises(UsageError, match="a program by path speaks its own"):
        configured(tmp_path, assignments=["kbs.protocol=0.2.0", "kbs.path=/bin/true"])


@pytest.mark.parametrize("text", ["a: [", "- list", "just text", "nope: 1", "deadlines: 5"])
def test_a_bad_file_is_refused(tmp_path, text):
    with pytest.raises(UsageError):
        configured(tmp_path, text)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="FileNotFoundError"):
        configure(tmp_path / "absent.yaml", environment={})


def test_an_unknown_variable_is_refused(tmp_path):
    with pytest.raises(UsageError, match="stands for no key"):
        configured(tmp_path, environment={"TRUSTEE_CONFORMANCE_STORE_PAHT": "/x"})


def test_a_near_miss_is_pointed_at(tmp_path):
    with pytest.raises(UsageError, match=r"did you mean externalSecrets\.version"):
        configured(tmp_path, assignments=["external-secrets.version=v0.20.4"])


def test_an_unknown_release_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(UsageError) as caught:
        configured(tmp_path, assignments=["externalSecrets.version=v0.11.0"])
    told = str(caught.value)
    assert "externalSecrets.version = 'v0.11.0'" in told
    assert "should be 'v0.10.7', 'v0.12.1', 'v0.16.1' or 'v0.20.4'" in told


def test_every_release_that_is_pinned_can_be_chosen_and_no_other(tmp_path):
    field = ExternalSecretsSettings.model_fields["version"]
    assert list(EXTERNAL_SECRETS) == list(get_args(field.annotation))
    for version in EXTERNAL_SECRETS:
        done = configured(tmp_path, assignments=[f"externalSecrets.version={version}"])
        assert done.settings.external_secrets.version == version


def test_the_release_by_default_is_the_newest(tmp_path):
    assert configured(tmp_path).settings.external_secrets.version == "v0.20.4"
