"""What Allure is told, read by Allure's own reader; the scenarios are small and need no stack."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import javaproperties
import pytest
from allure_commons_test.label import has_feature, has_severity, has_story, has_tag
from allure_commons_test.report import AllureReport, has_test_case
from allure_commons_test.result import (
    has_attachment_with_content,
    has_description,
    has_parameter,
    has_status_details,
    has_step,
    has_title,
    with_message_contains,
    with_status,
    with_trace_contains,
)
from hamcrest import all_of, assert_that, contains_string, equal_to, has_length, not_
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.cli import features
from trustee_conformance.harness.config import configure
from trustee_conformance.harness.engine.run import Run
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.reports.allure_environment import render

SECRET = "a-secret-of-many-bytes"

FEATURE = """\
@sync @core
Feature: Sync
  @SYNC-901
  Scenario: It works
    It MUST work.
    Given a value
    Then the value "aa" is there

  @SYNC-902
  Scenario: It fails
    It MUST work.
    Given a value
    When the store is asked
    Then the value "bb" is there
    And the value "aa" is there

  @SYNC-903
  Scenario: The engine fails
    It MUST work.
    Given a value
    When the engine fails
    Then the value "aa" is there

  @SYNC-904
  Scenario: The store does nothing
    It MUST work.
    When the store fails
    Then the value "aa" is there

  @SYNC-905
  Scenario: It is cut off
    It MUST work.
    When somebody presses Ctrl-C
    Then the value "aa" is there

  @SYNC-906
  Scenario: It is not come to
    It MUST work.
    Given a value
    Then the value "aa" is there
"""

STEPS = f"""\
from pytest_bdd import given, parsers, then, when
from trustee_conformance.fixtures.binding import then_judged
from trustee_conformance.harness.errors import ComponentFailed
from trustee_conformance.harness.model import observation
from trustee_conformance.harness.model.words import Component, Hop

@given("a value")
def value(run):
    run.journal.keep(observation.intent(run.journal.now(), "aa"))

@when("the store is asked")
def asked(run):
    seen = observation.evidence(run.journal.now(), Hop.STORE, refused=True, said='{SECRET}')
    run.journal.keep(seen)

@when("the engine fails")
def engine():
    raise ValueError("no {SECRET}")

@when("the store fails")
def store():
    raise ComponentFailed(Component.STORE, "no {SECRET}")

@when("somebody presses Ctrl-C")
def interrupt():
    raise KeyboardInterrupt

@then_judged(parsers.parse('the value "{{fingerprint}}" is there'), "value-reaches-store")
def there(run, fingerprint):
    run.journal.keep(observation.value(run.journal.now(), Hop.STORE, fingerprint))
"""


class StacklessRun(Run):
    """A run without a stack."""

    unstartable = False

    def start(self) -> None:
        if self.unstartable:
            raise EnvironmentFailed("etcd did not start")

    def finish(self, *, whole: bool) -> None:
        pass

    @property
    def context(self):
        return SimpleNamespace(fatal=lambda: None)

    @property
    def bundle(self) -> SimpleNamespace:
        return SimpleNamespace(begin=lambda: None, take=lambda _: None, take_logs=lambda: None)

    def log_tail(self, part: str) -> str:
        return self.canaries.redact(f"{part} says {SECRET}")


def execute(folder: Path, *, kind: type[Run] = StacklessRun) -> AllureReport:
    """Run the scenarios above and read what Allure was told."""
    folder.mkdir()
    (folder / "case.feature").write_text(FEATURE)
    (folder / "conftest.py").write_text(STEPS)
    module = folder / "test_cases.py"
    module.write_text(f"from pytest_bdd import scenarios\nscenarios({str(folder)!r})\n")
    report = folder / "report"
    report.mkdir()
    run = kind.make(configure(environment={}), report, SilentNarrator(), "run")
    run.canaries.add("token", SECRET)
    features.execute(run, None, [str(module)])
    return AllureReport(report / features.ALLURE)


class SilentNarrator:
    def __getattr__(self, _: str):
        return lambda *_: None


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> AllureReport:
    return execute(tmp_path_factory.mktemp("allure") / "cases")


def test_a_requirement_is_told_by_its_words(told):
    assert_that(
        told,
        has_test_case(
            "sync#SYNC-901",
            has_title("SYNC-901 It works"),
            has_description(equal_to("It MUST work.")),
            has_feature("Sync"),
            has_story("It works"),
            has_severity("critical"),
            all_of(*(has_tag(tag) for tag in ("SYNC-901", "core", "sync"))),
            has_parameter("platform", "local"),
            has_parameter("profile", "walkthrough"),
            has_parameter("externalSecrets.version", "v0.20.4"),
            has_step("Given a value", with_status("passed")),
            has_step('Then the value "aa" is there', with_status("passed")),
            with_status("passed"),
            has_attachment_with_content(
                told.attachments, contains_string('"fingerprint": "aa"'), name="observations"
            ),
        ),
    )


def test_a_failure_is_told_by_its_explanation(told):
    details = has_status_details(
        with_message_contains("store (hop store, edge run->store): expected aa at store"),
        with_trace_contains("seen        bb at store"),
        not_(with_trace_contains("Traceback")),
    )
    said = has_attachment_with_content(
        told.attachments, contains_string("culprit"), name="explanation"
    )
    log = has_attachment_with_content(
        told.attachments, equal_to("store says <token (raw)>"), name="log of store"
    )
    assert_that(
        told,
        has_test_case(
            "SYNC-902",
            with_status("failed"),
            details,
            has_step('Then the value "bb" is there', with_status("failed"), details),
            has_step('And the value "aa" is there', with_status("skipped")),
            said,
            log,
        ),
    )


@pytest.mark.parametrize(
    ("requirement", "status", "message"),
    [
        ("SYNC-903", "broken", "seen ValueError: no <token (raw)>"),
        ("SYNC-904", "failed", "store (no hop): expected store does what it is asked to"),
        ("SYNC-905", "broken", "not judged: the run ended before"),
        ("SYNC-906", "broken", "not judged: the run ended before"),
    ],
)
def test_broken_is_what_the_harness_did_not_do(told, requirement, status, message):
    said = has_status_details(with_message_contains(message))
    assert_that(told, has_test_case(requirement, with_status(status), said))


def test_pytest_itself_gets_the_explanation_and_no_traceback(tmp_path):
    class Listening(StacklessRun):
        heard: ClassVar[dict[str, str]] = {}

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                self.heard[report.nodeid.rpartition("::")[2]] = report.longreprtext

    execute(tmp_path / "cases", kind=Listening)
    text = Listening.heard["test_the_engine_fails"]
    assert text.startswith("requirement SYNC-903: It MUST work.")
    assert "Traceback" not in text
    assert SECRET not in text


def test_no_secret_is_told(told):
    files = list(Path(told.result_dir).iterdir())
    assert len(files) > 6
    assert [path.name for path in files if SECRET in path.read_text()] == []


def test_names_and_histories_do_not_depend_on_the_run(told, tmp_path):
    def stable(report: AllureReport) -> set[tuple[str, str, str]]:
        keys = ("historyId", "testCaseId", "fullName")
        return {tuple(case[key] for key in keys) for case in report.test_cases}

    assert len(stable(told)) == 6
    assert stable(execute(tmp_path / "elsewhere")) == stable(told)
    assert str(tmp_path.parent) not in str(told.test_cases)


def test_a_stack_that_does_not_start_leaves_nothing_green(tmp_path):
    kind = type("UnstartableRun", (StacklessRun,), {"unstartable": True})
    told = execute(tmp_path / "cases", kind=kind)
    assert_that(told.test_cases, has_length(6))
    said = has_status_details(with_message_contains("not judged: etcd did not start"))
    for case in told.test_cases:
        assert_that(case, all_of(with_status("broken"), said))


def read(text: str) -> dict[str, str]:
    return javaproperties.loads(text.encode("latin-1"))


@pytest.mark.parametrize(
    ("case", "verdict", "doubles"),
    [
        ("conformant", "conformant", "none"),
        ("rehearsed", "rehearsed", "kbs"),
        ("partial", "partial", "none"),
        ("not-conformant", "not-conformant", "none"),
        ("interrupted", "no verdict: interrupted", "none"),
        ("deadline", "no verdict: deadline", "none"),
        ("environment", "no verdict", "none"),
    ],
)
def test_the_environment_says_what_the_run_came_to(report, case, verdict, doubles):
    found = read(render(report(case)))
    assert (found["verdict"], found["doubles"]) == (verdict, doubles)
    assert found["kbs"] == "reference 1.0"


@given(st.text(st.characters(exclude_categories=("C", "Z"))))
def test_the_environment_holds_any_text(report, text):
    assert read(render(report("conformant", text)))["kbs"] == f"reference 1.0{text}"
