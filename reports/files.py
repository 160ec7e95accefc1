"""Every format of a report by the name of its file."""

from __future__ import annotations

from . import allure_environment, cucumber, json_report, junit, markdown
from .report import Report

FORMATS = {
    "report.json": json_report.render,
    "junit.xml": junit.render,
    "cucumber.json": cucumber.render,
    "summary.md": markdown.render,
    "allure-results/environment.properties": allure_environment.render,
}


def texts(report: Report) -> dict[str, str]:
    """Return the text of every format, by its name below the report folder."""
    return {name: render(report) for name, render in FORMATS.items()}
