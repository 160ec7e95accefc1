"""cucumber.json: valid to what is published of the format, and never greener than the run.

No package that reads it goes with pytest-bdd 9, so its rules stand in cucumber.schema.json, after
cucumber/cucumber-json-schema: schemas/cucumber-ruby.json for what must be there, schema.json for
a failed step's message.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.reports.cucumber import render

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "cucumber.schema.json").read_text())


def read(text: str) -> list[dict]:
    features: list[dict] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(features)
    return features


def scenarios(features: list[dict]) -> dict[str, dict]:
    return {one["id"]: one for feature in features for one in feature["elements"]}


def status(scenario: dict) -> str:
    """What a reader makes of a scenario: the worst of its steps."""
    found = {step["result"]["status"] for step in scenario["steps"]}
    return next(one for one in ("failed", "skipped", "passed") if one in found)


def tags(of: dict) -> set[str]:
    return {tag["name"] for tag in of["tags"]}


@pytest.mark.parametrize(
    ("case", "said", "rotation", "run"),
    [
        ("conformant", {"@conformant"}, "passed", None),
        ("rehearsed", {"@rehearsed", "@doubles"}, "passed", None),
        ("partial", {"@partial"}, "skipped", None),
        ("not-conformant", {"@not-conformant"}, "failed", None),
        ("provisional", {"@conformant"}, "skipped", None),
        ("error", {"@no-verdict"}, "failed", "failed"),
        ("interrupted", {"@no-verdict", "@interrupted"}, "failed", "failed"),
        ("deadline", {"@no-verdict", "@deadline"}, "failed", "failed"),
        ("environment", {"@no-verdict"}, "failed", "failed"),
        ("features", {"@no-verdict"}, None, "failed"),
        ("nothing", {"@no-verdict"}, "skipped", "failed"),
        ("leaked", {"@conformant"}, "passed", "failed"),
    ],
)
def test_it_says_what_the_run_came_to(report, case, said, rotation, run):
    features = read(render(report(case)))
    found = {name: status(one) for name, one in scenarios(features).items()}
    assert found.get("rotation;rotation-001") == rotation
    assert found.get("run;run") == run
    for one in [*features, *scenarios(features).values()]:
        assert said <= tags(one)


def test_a_scenario_stands_where_it_stands_in_its_feature(report):
    [sync, _] = read(render(report("conformant")))
    [scenario] = sync["elements"]
    assert (sync["uri"], sync["name"]) == ("features/walkthrough/sync.feature", "Sync")
    assert (scenario["id"], scenario["line"]) == ("sync;sync-001", 6)
    assert {"@SYNC-001", "@core", "@sync"} <= tags(scenario)
    given, then = scenario["steps"]
    assert (given["keyword"], given["name"], given["line"]) == ("Given ", "a value", 8)
    assert then["result"] == {"status": "passed", "duration": 1_500_000_000}


def test_the_failed_step_says_why(report):
    [*_, last] = scenarios(read(render(report("not-conformant"))))["rotation;rotation-001"]["steps"]
    assert last["name"] == "it arrives"
    assert "culprit     trustee-operator" in last["result"]["error_message"]


def test_a_requirement_that_was_not_judged_says_why(report):
    [step] = scenarios(read(render(report("interrupted"))))["rotation;rotation-001"]["steps"]
    assert "not judged: the run was ended (interrupted)" in step["result"]["error_message"]


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_no_text_breaks_it(report, text):
    rendered = render(report("not-conformant", text)).encode()
    assert len(read(rendered.decode())) == 2
