"""Every format of a real run, whole and broken, opened with its own tool or by its schema."""

from __future__ import annotations

import json
from pathlib import Path

import javaproperties
import jsonschema
import xmlschema
from allure_commons_test.report import AllureReport
from junitparser import JUnitXml
from markdown_it import MarkdownIt

SCHEMAS = Path(__file__).parents[1] / "schemas"
PARSER = MarkdownIt("commonmark").enable("table")
SHORT = ("--set", "deadlines.sync=6")


def junit(folder: Path) -> dict[str, str]:
    """What each test case came to, and the verdict."""
    xmlschema.XMLSchema(SCHEMAS / "junit.xsd").validate(folder / "junit.xml")
    [suite] = JUnitXml.fromfile(str(folder / "junit.xml"))
    [verdict] = [one.value for one in suite.properties() if one.name == "verdict"]
    found = {case.name.split()[0]: type(case.result[0]).__name__ for case in suite if case.result}
    return {"verdict": verdict, **found}


def cucumber(folder: Path) -> dict[str, set[str]]:
    """What the steps of each scenario came to."""
    features = json.loads((folder / "cucumber.json").read_text())
    schema = json.loads((SCHEMAS / "cucumber.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(features)
    return {
        one["name"].split()[0]: {step["result"]["status"] for step in one["steps"]}
        for feature in features
        for one in feature["elements"]
    }


def allure(folder: Path) -> dict[str, str]:
    """What Allure's tests came to."""
    cases = AllureReport(folder / "allure-results").test_cases
    return {case["name"].split()[0]: case["status"] for case in cases}


def environment(folder: Path) -> dict[str, str]:
    text = (folder / "allure-results" / "environment.properties").read_bytes()
    return javaproperties.loads(text)


def headings(folder: Path) -> list[str]:
    tokens = PARSER.parse((folder / "summary.md").read_text())
    return [tokens[at + 1].content for at, one in enumerate(tokens) if one.type == "heading_open"]


def test_a_whole_run_in_every_format(run):
    done = run()
    assert done.code == 7, done.output
    ids = {one["id"] for one in done.report["requirements"]}
    assert junit(done.folder) == {"verdict": "rehearsed"}
    assert cucumber(done.folder) == {one: {"passed"} for one in ids}
    assert allure(done.folder) == dict.fromkeys(ids, "passed")
    assert environment(done.folder)["verdict"] == "rehearsed"
    assert environment(done.folder)["store"] == "openbao 2.7.2"
    assert headings(done.folder)[0] == "trustee-conformance: rehearsed"


def test_a_broken_run_in_every_format(run):
    done = run("--only", "SYNC-002", *SHORT, broken="policy-without-read")
    assert done.code == 1, done.output
    assert junit(done.folder)["verdict"] == "not-conformant"
    assert junit(done.folder)["SYNC-002"] == "Failure"
    assert junit(done.folder)["SYNC-001"] == "Skipped"
    assert cucumber(done.folder)["SYNC-002"] == {"passed", "failed"}
    assert cucumber(done.folder)["SYNC-001"] == {"skipped"}
    assert allure(done.folder) == {"SYNC-002": "failed"}
    assert environment(done.folder)["verdict"] == "not-conformant"
    assert "SYNC-002 The value arrives in the Secret" in headings(done.folder)
    for name in ("junit.xml", "cucumber.json", "summary.md", "report.json"):
        assert "permission denied" in (done.folder / name).read_text()


def test_a_run_that_found_a_secret_is_green_nowhere(run):
    done = run("--only", "SYNC-002", broken="value-in-journal")
    assert done.code == 6, done.output
    assert junit(done.folder)["run"] == "Error"
    assert cucumber(done.folder)["run"] == {"failed"}
    assert environment(done.folder)["exitCode"] == "6"
    assert "a secret was found" in (done.folder / "summary.md").read_text()
