"""Starts pytest on the features."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from ..engine.run import Run
from ..engine.selection import Selection
from ..errors import EnvironmentFailed, UsageError

PACKAGE = "trustee_conformance"
INI = Path(__file__).parents[2] / "fixtures" / "pytest.ini"
PLUGINS = ("pytest_bdd.plugin", f"{PACKAGE}.fixtures.plugin")
SILENT = ("no:terminal", "no:logging", "no:cacheprovider", "no:faulthandler", "no:warnings")


ALLURE = "allure-results"
"""The folder of the files that an Allure report is made of."""

SPECIFICATION = f"{PACKAGE}.fixtures.specification"
"""The module that collects the features."""

OURS = ("--pyargs", SPECIFICATION)


def collect(
    only: str | None, profile: str = "full", specification: Sequence[str] = OURS
) -> Selection:
    """Collect the features, or those of another module, without running anything."""
    selection = Selection(profile)
    _start(["--collect-only", *specification], only, [selection])
    return selection


def execute(run: Run, only: str | None, specification: Sequence[str] = OURS) -> None:
    """Run the selected features, or those of another module.

    What comes of it is in the run, pytest's own failure included.
    """
    allure = ["-p", "allure_pytest.plugin", f"--alluredir={run.report_dir / ALLURE}"]
    code = _start([*allure, *specification], only, [run.selection, run])
    if code in {pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR} and not run.failure:
        run.failure = EnvironmentFailed(f"pytest ended with {code}: see its lines above")


def check(only: str | None) -> None:
    """Check an expression.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        Expression.compile(only or "core")
    except SyntaxError as error:
        raise UsageError(
            f"--only {only}: {error.msg}", hint="write it like `sync and not SYNC-001`"
        ) from None


def _start(arguments: Sequence[str], only: str | None, plugins: Sequence[object]) -> int:
    switched = [part for plugin in (*PLUGINS, *SILENT) for part in ("-p", plugin)]
    select = ["-m", only] if only else []
    with _own_pytest(), tempfile.TemporaryDirectory(prefix="trustee-conformance.") as root:
        return pytest.main(
            [
                "-c",
                str(INI),
                f"--rootdir={root}",
                "--import-mode=importlib",
                "--capture=no",
                *switched,
                *select,
                *arguments,
            ],
            plugins=list(plugins),
        )


@contextmanager
def _own_pytest() -> Iterator[None]:
    """Keep the user's own pytest settings and plugins out of ours."""
    before = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: text for name, text in before.items() if text is not None})
