"""The one wait: deadline, fatal, steadiness, history."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from trustee_conformance.harness.wait import SHOWN, Deadline, DeadlinePassed, wait_until


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def wait(time, observe, ready, seconds=10.0, **options):
    return wait_until(
        observe,
        ready,
        expected="three",
        deadline=Deadline("test", seconds),
        clock=time.clock,
        pause=time.pause,
        **options,
    )


def test_returns_what_was_awaited(time):
    sights = iter([1, 2, 3, 4])
    assert wait(time, lambda: next(sights), lambda seen: seen == 3) == 3
    assert next(sights) == 4


def test_polls_with_a_growing_pause_of_half_a_second_at_most(time):
    sights = iter(range(20))
    wait(time, lambda: next(sights), lambda seen: seen == 15)
    assert time.pauses[0] < time.pauses[1] < time.pauses[2]
    assert max(time.pauses) <= 0.5


def test_looks_once_even_if_the_first_look_takes_longer_than_the_deadline(time):
    def slow() -> int:
        time.now += 99
        return 3

    assert wait(time, slow, lambda seen: seen == 3, seconds=1) == 3


def test_looks_once_more_when_the_deadline_has_come(time):
    looks = []

    def look() -> int:
        looks.append(time.now)
        return 0

    with pytest.raises(DeadlinePassed):
        wait(time, look, lambda _: False, seconds=2)
    assert looks[-1] == pytest.approx(102)


def test_the_error_names_deadline_expectation_and_history(time):
    sights = iter([1, 1, 1, 2, 2] + [2] * 100)
    with pytest.raises(DeadlinePassed) as caught:
        wait(time, lambda: next(sights), lambda seen: seen == 3, seconds=3)
    text = str(caught.value)
    assert "expected three within 3 s (deadlines.test)" in text
    assert "1  (x3)" in text
    assert caught.value.last == "2"
    assert caught.value.history.sights[1].since == pytest.approx(sum(time.pauses[:3]))


def test_the_error_shows_the_last_sights_only(time):
    sights = iter(range(1000))
    with pytest.raises(DeadlinePassed) as caught:
        wait(time, lambda: next(sights), lambda _: False, seconds=30)
    assert len(caught.value.history.lines()) == SHOWN


def test_a_fatal_sight_ends_the_wait_at_once(time):
    sights = iter([1, 2, 3])
    with pytest.raises(RuntimeError, match="broken"):
        wait(
            time,
            lambda: next(sights),
            lambda seen: seen == 3,
            fatal=lambda seen: RuntimeError("broken") if seen == 2 else None,
        )
    assert next(sights) == 3


def test_a_sight_that_is_ready_is_not_fatal(time):
    assert wait(time, lambda: 3, lambda _: True, fatal=lambda _: RuntimeError("broken")) == 3


def test_steadiness_counts_ready_sights_in_a_row(time):
    sights = iter([3, 3, 1, 3, 3, 3, 9])
    wait(time, lambda: next(sights), lambda seen: seen == 3, steady=3)
    assert next(sights) == 9


def test_a_watch_sets_its_own_pace(time):
    def watch() -> Iterator[int]:
        yield from (1, 2, 3)

    assert wait(time, watch(), lambda seen: seen == 3) == 3
    assert set(time.pauses) <= {0.0}


def test_what_observing_raises_is_passed_on(time):
    def broken() -> int:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        wait(time, broken, lambda _: True)


@pytest.mark.parametrize(("steady", "seconds"), [(0, 1.0), (1, 0.0), (1, float("inf"))])
def test_a_wait_without_an_end_or_a_sight_is_refused(time, steady, seconds):
    with pytest.raises(ValueError, match="must be positive"):
        wait(time, lambda: 3, lambda _: True, seconds=seconds, steady=steady)
