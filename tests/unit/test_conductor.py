"""Nothing is started where the features are broken, and nothing is run where nothing started."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from trustee_conformance.fixtures.conductor import Conductor
from trustee_conformance.harness.errors import EnvironmentFailed


class FakeRun:
    def __init__(self, *problems: str, error: Exception | None = None) -> None:
        self.selection = SimpleNamespace(problems=list(problems))
        self.failure = None
        self.calls: list[str] = []
        self._error = error

    def start(self) -> None:
        self.calls.append("start")
        if self._error:
            raise self._error

    def finish(self, *, whole: bool) -> None:
        self.calls.append("stop" if whole else "cut off")


def loop(run: FakeRun) -> list[str]:
    """Let the conductor wrap a loop of one scenario; return the scenarios that would run."""
    session = SimpleNamespace(items=["scenario"], config=object())
    wrapper = Conductor(run).pytest_runtestloop(session)
    next(wrapper)
    run.calls.extend(session.items)
    with pytest.raises(StopIteration):
        wrapper.send("done")
    return session.items


def test_the_stack_is_started_before_and_stopped_after():
    run = FakeRun()
    loop(run)
    assert run.calls == ["start", "scenario", "stop"]


def test_broken_features_start_nothing():
    run = FakeRun("a step has no definition")
    assert loop(run) == []
    assert run.calls == []
    assert "a step has no definition" in str(run.failure)


@pytest.mark.parametrize("error", [EnvironmentFailed("no etcd"), ValueError("no etcd")])
def test_a_stack_that_does_not_start_runs_nothing_and_is_stopped(error):
    run = FakeRun(error=error)
    assert loop(run) == []
    assert run.calls == ["start", "stop"]
    assert "no etcd" in str(run.failure)
    assert isinstance(run.failure, EnvironmentFailed)


def test_a_loop_that_is_cut_off_ends_the_stack_all_the_same():
    run = FakeRun()
    wrapper = Conductor(run).pytest_runtestloop(
        SimpleNamespace(items=["scenario"], config=object())
    )
    next(wrapper)
    with pytest.raises(KeyboardInterrupt):
        wrapper.throw(KeyboardInterrupt())
    assert run.calls == ["start", "cut off"]
