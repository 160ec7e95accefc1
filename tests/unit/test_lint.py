"""What is wrong with features is found before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from trustee_conformance.harness.cli import features

GOOD = """\
@sync @core
Feature: Sync
  @SYNC-901
  Scenario: It works
    The value MUST arrive.
    Given the stack is installed
    Then the Secret holds the value
"""


def problems(tmp_path: Path, *texts: str) -> list[str]:
    for number, text in enumerate(texts):
        (tmp_path / f"case{number}.feature").write_text(text)
    module = tmp_path / "test_cases.py"
    module.write_text(f"from pytest_bdd import scenarios\nscenarios({str(tmp_path)!r})\n")
    return features.collect(None, specification=[str(module)]).problems


def test_our_own_features_are_clean():
    selection = features.collect(None)
    assert selection.problems == []
    assert len(selection.planned) >= 8


def test_a_good_feature_is_clean(tmp_path):
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("the Secret holds", "the Secret hodls", "has no definition"),
        ("@core", "@coer", "unknown tag @coer"),
        ("  @SYNC-901\n", "", "expected one id tag, found 0"),
        ("@SYNC-901", "@SYNC-901 @SYNC-902", "expected one id tag, found 2"),
        ("@core", "", "expected one level tag, found 0"),
        ("@sync", "", "expected one stage tag, found 0"),
        ("    The value MUST arrive.\n", "", "expected a sentence with MUST"),
        ("Then the Secret holds the value", "Then the stack is installed", "has no definition"),
        ("    Then the Secret holds the value\n", "", "has no Then"),
        ("@SYNC-901", "@sync-901", "unknown tag @sync-901"),
    ],
)
def test_a_bad_feature_is_told(tmp_path, old, new, told):
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    assert any(told in problem for problem in found), found


def test_an_id_that_is_used_twice_is_told(tmp_path):
    other = GOOD.replace("Feature: Sync", "Feature: Other").replace("It works", "It works too")
    assert "id SYNC-901 is used 2 times" in problems(tmp_path, GOOD, other)


def test_a_then_that_judges_nothing_is_told(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from pytest_bdd import then\n@then('all is well')\ndef well():\n    pass\n"
    )
    found = problems(tmp_path, GOOD.replace("the Secret holds the value", "all is well"))
    assert any("yields no observation" in problem for problem in found), found


@pytest.mark.parametrize(
    ("only", "ids"),
    [
        ("SYNC-002", ["SYNC-002"]),
        ("fetch", ["FETCH-001"]),
        ("fetch or rotation", ["FETCH-001", "ROTATION-001", "ROTATION-002"]),
        ("attestation-fetch and core", ["FETCH-001"]),
        ("core and not install and not sync and not auth", ["FETCH-001", "ROTATION-001"]),
        ("nothing-of-the-kind", []),
    ],
)
def test_selection_by_id_area_stage_and_level(only, ids):
    assert features.collect(only).selected == ids


def test_a_feature_that_cannot_be_read_is_told(tmp_path):
    found = problems(tmp_path, GOOD + "    Thenn it does more\n")
    assert any("Thenn" in problem for problem in found), found


def test_a_step_that_is_taken_for_the_sentence_is_told(tmp_path):
    found = problems(tmp_path, GOOD.replace("Given the stack", "Givven the stack"))
    assert any("expected one sentence" in problem and "Givven" in problem for problem in found)


def test_each_profile_is_within_the_next():
    asked = {
        name: features.collect(None, name).selected for name in ("walkthrough", "core", "full")
    }
    assert set(asked["walkthrough"]) <= set(asked["core"]) < set(asked["full"])
    assert len(asked["walkthrough"]) == 8
    levels = {one.id: one.level for one in features.collect(None, "core").planned}
    assert set(levels.values()) == {"core"}
