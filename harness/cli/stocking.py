"""`artifacts`."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ..artifacts.cache import Cache
from ..artifacts.catalogue import PINNED
from ..config import Settings
from ..platforms.local import needed_artifacts
from .terminal import Terminal


def list_all(terminal: Terminal, settings: Settings) -> None:
    """Print every pinned program, and which of them a run with these settings needs."""
    cache, needed = Cache.default(), needed_artifacts(settings)
    table = Table(box=None)
    for column in ("program", "version", "needed", "cached", "source"):
        table.add_column(column, overflow="fold")
    for one in PINNED:
        answers = ("yes" if holds else "no" for holds in (one in needed, cache.has(one)))
        table.add_row(one.name, one.version, *answers, escape(one.recipe.source))
    terminal.console.print(table)
    terminal.console.print(f"cache: {escape(str(cache.root))}", soft_wrap=True)


def build(terminal: Terminal, settings: Settings) -> None:
    """Get or build every program that a run with these settings needs.

    Raises:
        EnvironmentFailed: one could not be had.
    """
    cache = Cache.default()
    for one in needed_artifacts(settings):
        cache.provide(one, terminal.progress)
        terminal.say(f"{one.name} {one.version} is there")


def clean(terminal: Terminal) -> None:
    """Empty the cache."""
    freed = Cache.default().clean()
    terminal.say(f"{freed / 1e6:.0f} MB were freed")
