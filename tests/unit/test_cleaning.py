"""A secret is found before a format escapes it, wherever in a report it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.model.words import End, ExitCode, Status
from trustee_conformance.reports.cleaning import clean
from trustee_conformance.reports.files import texts

SECRETS = {
    "password": 's&<cr>e"t|`_*\\ of many bytes',
    "private key": "-----BEGIN KEY-----\nMHcCAQEEIB\n-----END KEY-----",
    "token": "hvs.CAESIJ_many-bytes_of-a-token",
}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("case", ["not-conformant", "environment", "rehearsed"])
def test_a_secret_is_in_no_format(report, case, name):
    canaries = Canaries()
    canaries.add(name, SECRETS[name])
    cleaned = clean(report(case, f" {SECRETS[name]} "), canaries.redact)
    assert texts(cleaned) == texts(report(case, f" <{name} (raw)> "))


def test_a_secret_is_told_to_who_redacts(report):
    asked: list[str] = []
    clean(report("not-conformant", SECRETS["password"]), lambda text: asked.append(text) or text)
    assert any(SECRETS["password"] in text for text in asked)


def test_nothing_else_is_changed(report, case):
    made = replace(report(case), exit_code=ExitCode.CANARY_LEAKED)
    cleaned = clean(made, lambda text: text)
    assert cleaned == made
    assert type(cleaned.end) is End
    assert {type(one.status) for one in cleaned.whole()} <= {Status}
