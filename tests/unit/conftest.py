"""Reports made by hand: one for each way in which a run can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from trustee_conformance.harness.engine.record import Record
from trustee_conformance.harness.model import observation
from trustee_conformance.harness.model.component import ComponentInfo, Part
from trustee_conformance.harness.model.culprit import Culprit
from trustee_conformance.harness.model.requirement import Requirement, Result, StepResult
from trustee_conformance.harness.model.words import (
    Component,
    Edge,
    End,
    ExitCode,
    Hop,
    Level,
    Stage,
    Status,
    Verdict,
)
from trustee_conformance.reports.report import Report

SYNC = Requirement(
    "SYNC-001",
    "The value MUST arrive.",
    Level.CORE,
    Stage.SYNC,
    "The value arrives",
    "walkthrough/sync.feature",
    "Sync",
    6,
)
ROTATION = Requirement(
    "ROTATION-001",
    "The new value MUST arrive.",
    Level.CORE,
    Stage.ROTATION,
    "The new value arrives",
    "walkthrough/rotation.feature",
    "Rotation",
    9,
)
STEPS = (
    StepResult("Given", "a value", 8, Status.PASS, 0.25),
    StepResult("Then", "it arrives", 9, Status.PASS, 1.5),
)
SEEN = [
    observation.intent(1.0, "aa"),
    observation.value(1.5, Hop.STORE, "aa"),
    observation.value(3.5, Hop.SECRET, "aa"),
]


def failed(text: str) -> Result:
    steps = (STEPS[0], replace(STEPS[1], status=Status.FAIL))
    return Result(
        ROTATION,
        Status.FAIL,
        2.0,
        reason="value",
        culprit=Culprit(Hop.KBS, Edge.SECRET_KBS, Component.TRUSTEE_OPERATOR),
        expected="aa at kbs",
        seen=f"bb at kbs {text}",
        step="Then it arrives",
        evidence=(f"operator: {text}",),
        steps=steps,
    )


PASSED = [Result(one, Status.PASS, 2.0, steps=STEPS) for one in (SYNC, ROTATION)]

CASES = {
    "conformant": {"verdict": Verdict.CONFORMANT, "exit_code": ExitCode.CONFORMANT},
    "rehearsed": {
        "verdict": Verdict.REHEARSED,
        "exit_code": ExitCode.REHEARSED,
        "doubles": ["kbs"],
    },
    "partial": {
        "verdict": Verdict.PARTIAL,
        "exit_code": ExitCode.PARTIAL,
        "selected": ["SYNC-001"],
        "results": PASSED[:1],
    },
    "not-conformant": {
        "verdict": Verdict.NOT_CONFORMANT,
        "exit_code": ExitCode.NOT_CONFORMANT,
        "results": [PASSED[0], failed("stopped")],
    },
    "interrupted": {
        "verdict": None,
        "end": End.INTERRUPTED,
        "exit_code": ExitCode.INTERRUPTED,
        "results": PASSED[:1],
    },
    "deadline": {
        "verdict": None,
        "end": End.DEADLINE,
        "exit_code": ExitCode.NO_VERDICT,
        "results": PASSED[:1],
    },
    "environment": {
        "verdict": None,
        "exit_code": ExitCode.NO_VERDICT,
        "results": [],
        "failure": "etcd ended",
    },
    "features": {
        "verdict": None,
        "exit_code": ExitCode.NO_VERDICT,
        "planned": [],
        "selected": [],
        "results": [],
        "failure": "the features cannot be run",
    },
    "nothing": {
        "verdict": None,
        "exit_code": ExitCode.NOTHING_SELECTED,
        "selected": [],
        "results": [],
    },
    "leaked": {"verdict": Verdict.CONFORMANT, "exit_code": ExitCode.CANARY_LEAKED},
    "error": {
        "verdict": None,
        "exit_code": ExitCode.NO_VERDICT,
        "results": [PASSED[0], Result(ROTATION, Status.ERROR, 1.0, reason="engine")],
    },
    "provisional": {
        "verdict": Verdict.CONFORMANT,
        "exit_code": ExitCode.CONFORMANT,
        "results": [
            PASSED[0],
            replace(failed("stopped"), requirement=replace(ROTATION, level=Level.PROVISIONAL)),
        ],
    },
}
"""Each is a run that ended in another way."""


def make(case: str, text: str = "") -> Report:
    """Make the report of a case; `text` is what came from outside."""
    digest = f"sha256:{'0' * 64}"
    kbs = ComponentInfo(
        Component.KBS, "reference", "process", f"1.0{text}", digest, f"path /x{text}"
    )
    parts = [Part("etcd", "3.5", digest, "pinned")]
    kubernetes = replace(kbs, name=Component.KUBERNETES, parts=parts)
    plain = Report(
        run="20260102-030405-abcd",
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        duration=12.5,
        end=End.COMPLETE,
        profile="walkthrough",
        platform="local",
        verdict=None,
        exit_code=ExitCode.NO_VERDICT,
        doubles=[],
        easings=[f"operator period 1 s{text}"],
        components=[kbs, kubernetes],
        capabilities={},
        planned=[SYNC, ROTATION],
        selected=["SYNC-001", "ROTATION-001"],
        results=PASSED,
        observations={"SYNC-001": SEEN},
    )
    changes = dict(CASES[case])
    if text and changes.get("failure"):
        changes["failure"] = text
    if text and case == "not-conformant":
        changes["results"] = [PASSED[0], failed(text)]
    return replace(plain, **changes)


@pytest.fixture(scope="session")
def report() -> Callable[..., Report]:
    """Make the report of a run that ended in the way named."""
    return make


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> str:
    """Every way in which a run can end, one after the other."""
    return str(request.param)


@pytest.fixture
def record() -> Record:
    """A run of one requirement, which passed."""
    asked = Requirement("SYNC-001", "It MUST.", Level.CORE, Stage.SYNC, "It does", "sync.feature")
    return Record(
        run="run",
        started=datetime.now(UTC),
        duration=1.0,
        profile="walkthrough",
        platform="local",
        planned=[asked],
        selected=[asked.id],
        results=[Result(asked, Status.PASS, 1.0)],
        observations={},
        end=End.COMPLETE,
        interrupted_by=ExitCode.INTERRUPTED,
        failure=None,
    )
