"""`artifacts`."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from ..artifacts.cache import Cache
from ..artifacts.catalogue import ALL
from .terminal import Terminal


def list_all(terminal: Terminal) -> None:
    """Print every pinned program."""
    cache = Cache.default()
    table = Table(box=None)
    for column in ("program", "version", "cached", "source"):
        table.add_column(column, overflow="fold")
    for one in ALL:
        cached = "yes" if cache.has(one) else "no"
        table.add_row(one.name, one.version, cached, escape(one.recipe.source))
    terminal.console.print(table)
    terminal.console.print(f"cache: {escape(str(cache.root))}", soft_wrap=True)


def build(terminal: Terminal) -> None:
    """Get or build every program of a local stack.

    Raises:
        EnvironmentFailed: one could not be had.
    """
    cache = Cache.default()
    for one in ALL:
        cache.provide(one, terminal.progress)
        terminal.say(f"{one.name} {one.version} is there")


def clean(terminal: Terminal) -> None:
    """Empty the cache."""
    freed = Cache.default().clean()
    terminal.say(f"{freed / 1e6:.0f} MB were freed")
