"""From results to a verdict and an exit code, with the precedence of the contract."""

from __future__ import annotations

import pytest
from trustee_conformance.harness.model.requirement import Requirement, Result
from trustee_conformance.harness.model.verdict import Standing, exit_code, verdict
from trustee_conformance.harness.model.words import (
    End,
    ExitCode,
    Level,
    Stage,
    Status,
    Verdict,
)

PASS, FAIL, SKIP, ERROR = Status.PASS, Status.FAIL, Status.SKIP, Status.ERROR


def result(status: Status, level: Level = Level.CORE) -> Result:
    asked = Requirement("SYNC-001", "It MUST.", level, Stage.SYNC, "It does", "sync.feature")
    return Result(asked, status, 1.0)


def standing(*statuses: Status, **more: object) -> Standing:
    results = [result(status) for status in statuses]
    return Standing(results, **{"selected": [one.requirement.id for one in results], **more})


@pytest.mark.parametrize(
    ("stands", "code"),
    [
        (standing(PASS, PASS), ExitCode.CONFORMANT),
        (standing(PASS, FAIL), ExitCode.NOT_CONFORMANT),
        (standing(PASS, SKIP), ExitCode.PARTIAL),
        (standing(PASS, selected_all=False), ExitCode.PARTIAL),
        (standing(selected_all=False), ExitCode.NOTHING_SELECTED),
        (standing(PASS, doubles=["kbs"]), ExitCode.REHEARSED),
        (standing(PASS, ERROR), ExitCode.NO_VERDICT),
        (standing(PASS, engine_failed=True), ExitCode.NO_VERDICT),
        (standing(engine_failed=True), ExitCode.NO_VERDICT),
        (standing(selected=["SYNC-001"]), ExitCode.NO_VERDICT),
        (standing(PASS, selected=["SYNC-001", "SYNC-002"]), ExitCode.NO_VERDICT),
        (standing(PASS, end=End.DEADLINE), ExitCode.NO_VERDICT),
        (standing(PASS, end=End.INTERRUPTED), ExitCode.INTERRUPTED),
        # precedence: 3 before 1, 1 before 4, 4 before 7
        (standing(FAIL, ERROR), ExitCode.NO_VERDICT),
        (standing(FAIL, SKIP, selected_all=False), ExitCode.NOT_CONFORMANT),
        (standing(PASS, SKIP, doubles=["kbs"]), ExitCode.PARTIAL),
    ],
)
def test_exit_codes(stands, code):
    assert exit_code(stands) is code


def test_a_leak_comes_before_everything():
    for stands in (standing(PASS), standing(FAIL), standing(PASS, end=End.INTERRUPTED)):
        assert exit_code(stands, leaked=True) is ExitCode.CANARY_LEAKED


def test_sigterm_has_a_code_of_its_own():
    stands = standing(end=End.INTERRUPTED)
    assert exit_code(stands, interrupted_by=ExitCode.TERMINATED) is ExitCode.TERMINATED


def test_a_rehearsal_can_be_accepted_and_nothing_else_can():
    assert exit_code(standing(PASS, doubles=["kbs"]), accept_rehearsal=True) == 0
    assert exit_code(standing(FAIL, doubles=["kbs"]), accept_rehearsal=True) == 1
    assert exit_code(standing(PASS, SKIP, doubles=["kbs"]), accept_rehearsal=True) == 4


def test_provisional_requirements_decide_nothing():
    stands = Standing([result(PASS), result(FAIL, Level.PROVISIONAL)], ["SYNC-001"])
    assert verdict(stands) is Verdict.CONFORMANT


def test_an_extended_requirement_that_fails_is_a_failure_and_one_that_is_skipped_is_none():
    failed = Standing([result(FAIL, Level.EXTENDED)], ["SYNC-001"])
    assert verdict(failed) is Verdict.NOT_CONFORMANT
    skipped = Standing([result(PASS), result(SKIP, Level.EXTENDED)], ["SYNC-001"])
    assert verdict(skipped) is Verdict.CONFORMANT
