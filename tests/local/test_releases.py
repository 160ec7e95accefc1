"""The releases of the operator, and whether the judge finds out by itself which one it has."""

from __future__ import annotations

import pytest

OPERATOR = ("kbs", "secret->kbs", "trustee-operator")
SHORT = ("--set", "deadlines.delivery=8")


def failed(done) -> list[str]:
    return [one["id"] for one in done.report["requirements"] if one["status"] == "fail"]


def test_the_default_release_holds_everything(run):
    done = run("--profile", "full", *SHORT)
    assert done.code == 7, done.output
    assert len(done.report["requirements"]) >= 15
    assert failed(done) == []


def test_a_copying_release_fails_at_rotation_alone_and_a_fresh_pod_has_the_new_value(run):
    done = run("--profile", "full", *SHORT, "--set", "trusteeOperator.emulates=v0.21")
    assert done.code == 1, done.output
    assert failed(done) == ["ROTATION-001"]
    assert done.culprit("ROTATION-001") == OPERATOR
    assert done.result("ROTATION-002")["status"] == "pass"
    assert "a fresh pod would copy the Secret anew" in done.output


def test_the_judge_needs_no_setting_to_find_a_copying_release(run):
    done = run(*SHORT, broken="hidden-release")
    assert done.code == 1, done.output
    assert failed(done) == ["ROTATION-001"]
    assert done.culprit("ROTATION-001") == OPERATOR


@pytest.mark.parametrize(
    ("gap", "bound", "code"),
    [("33", "60", 4), ("9", "6", 1)],
    ids=["as long as was measured", "longer than is allowed"],
)
def test_a_roll_may_take_what_was_measured_and_no_more_than_its_deadline(run, gap, bound, code):
    settings = {
        "trusteeOperator.gap": gap,
        "deadlines.roll": bound,
        "deadlines.delivery": "40",
    }
    given = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    done = run("--profile", "full", "--only", "ROLL-001", *given)
    assert done.code == code, done.output
    if code == 1:
        assert done.culprit("ROLL-001") == (None, None, "trustee-operator")
    assert f"trusteeOperator.gap {gap} s" in " ".join(done.report["easings"])
