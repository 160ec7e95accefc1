"""junit.xml: read by junitparser, and valid to the strictest reader that is known.

That is Jenkins' xUnit plugin, which passes over a file that is not to its schema (junit-10.xsd in
jenkinsci/xunit-plugin, src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd; what comes
of it: pytest-dev/pytest#5202). junit.xsd states that schema's rules as far as they matter here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml, TestSuite
from junitparser.cli import main as junitparser
from trustee_conformance.reports.junit import render

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "schemas" / "junit.xsd")


def read(text: str) -> TestSuite:
    [suite] = JUnitXml.fromstring(text.encode())
    return suite


def properties(suite: TestSuite) -> dict[str, str]:
    return {one.name: one.value for one in suite.properties()}


def outcomes(suite: TestSuite) -> dict[str, list[str]]:
    return {case.name: [type(one).__name__ for one in case.result] for case in suite}


def test_every_run_is_valid(report, case):
    SCHEMA.validate(render(report(case)))


@pytest.mark.parametrize("addition", ['<testcase name="x"><properties/></testcase>', "<other/>"])
def test_the_schema_refuses_what_the_plugin_refuses(report, addition):
    text = render(report("conformant")).replace("</properties>", f"</properties>{addition}")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(text)


@pytest.mark.parametrize(
    ("case", "verdict", "rotation", "run"),
    [
        ("conformant", "conformant", [], None),
        ("rehearsed", "rehearsed", [], None),
        ("partial", "partial", ["Skipped"], None),
        ("not-conformant", "not-conformant", ["Failure"], None),
        ("provisional", "conformant", ["Skipped"], None),
        ("error", "no verdict", ["Error"], ["Error"]),
        ("interrupted", "no verdict: interrupted", ["Error"], ["Error"]),
        ("deadline", "no verdict: deadline", ["Error"], ["Error"]),
        ("environment", "no verdict", ["Error"], ["Error"]),
        ("features", "no verdict", None, ["Error"]),
        ("nothing", "no verdict", ["Skipped"], ["Error"]),
        ("leaked", "conformant", [], ["Error"]),
    ],
)
def test_it_says_what_the_run_came_to(report, case, verdict, rotation, run):
    rendered = render(report(case))
    suite = read(rendered)
    found = outcomes(suite)
    assert properties(suite)["verdict"] == verdict
    assert verdict in ET.fromstring(rendered).findtext("testsuite/system-out")
    assert found.get("ROTATION-001 The new value arrives") == rotation
    assert found.get("run") == run


@pytest.mark.parametrize(
    ("case", "code"),
    [("conformant", 0), ("rehearsed", 0), ("partial", 0), ("not-conformant", 1), ("features", 1)],
)
def test_its_own_tool_takes_it_for_green_or_red(report, tmp_path, case, code):
    path = tmp_path / "junit.xml"
    path.write_text(render(report(case)), encoding="utf-8")
    assert junitparser(["verify", str(path)]) == code


def test_counts_and_times_are_those_of_the_test_cases(report, case):
    suite = read(render(report(case)))
    told = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert told == (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert suite.timestamp == "2026-01-02T03:04:05"
    whole = JUnitXml.fromstring(render(report(case)).encode())
    assert (whole.tests, whole.time) == (suite.tests, 12.5)


def test_names_do_not_depend_on_the_run(report):
    named = {
        (case.classname, case.name)
        for one in ("conformant", "rehearsed", "not-conformant", "environment")
        for case in read(render(report(one)))
    }
    assert named == {
        ("trustee-conformance.sync", "SYNC-001 The value arrives"),
        ("trustee-conformance.rotation", "ROTATION-001 The new value arrives"),
        ("trustee-conformance.run", "run"),
    }


def test_a_failure_names_culprit_and_evidence(report):
    suite = read(render(report("not-conformant")))
    [failure] = next(case for case in suite if case.classname.endswith("rotation")).result
    assert failure.type == "value"
    assert failure.message.startswith("trustee-operator (hop kbs, edge secret->kbs): expected aa")
    for text in (
        "Then it arrives",
        "bb at kbs stopped",
        "operator: stopped",
        "--only ROTATION-001",
    ):
        assert text in failure.text


def test_properties_tell_of_the_run_its_parts_and_the_hops(report):
    found = properties(read(render(report("rehearsed"))))
    assert found["doubles"] == "kbs"
    assert found["exitCode"] == "7"
    assert found["easings"] == "operator period 1 s"
    assert found["component.kbs.version"] == "1.0"
    assert found["SYNC-001.propagation.store->secret"] == "2.000"
    broken = properties(read(render(report("not-conformant"))))
    assert broken["ROTATION-001.culprit.edge"] == "secret->kbs"


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_no_text_breaks_it(report, text):
    rendered = render(report("not-conformant", text))
    SCHEMA.validate(rendered)
    [failure] = next(one for one in read(rendered) if one.classname.endswith("rotation")).result
    assert failure.message.startswith("trustee-operator")


def test_a_character_that_xml_cannot_hold_is_shown_as_its_escape(report):
    assert r"1.0\x1b[31m\ud800" in render(report("conformant", "\x1b[31m\ud800"))
