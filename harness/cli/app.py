"""The commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..config import Configured, configure
from ..engine.signals import heeded
from ..engine.state import run_id
from ..errors import HarnessError, Interrupted, UsageError
from ..model.words import ExitCode
from .terminal import Terminal

REPORT_IT = "if this machine is in order, it is a bug of trustee-conformance: please report it"

app = typer.Typer(
    name="trustee-conformance",
    help="Proves that a secret put into Vault is the secret a confidential container gets "
    "from Trustee, or says which hop broke it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Profile = Annotated[str | None, typer.Option(help="Which requirements: walkthrough, core or full.")]
Platform = Annotated[str | None, typer.Option(help="Where the stack runs: local.")]
Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")]
Only = Annotated[
    str | None, typer.Option(help="A pytest -m expression over ids, areas, stages and levels.")
]


@app.command()
def run(
    profile: Profile = None,
    platform: Platform = None,
    report_dir: Annotated[Path | None, typer.Option(help="Where artefacts go.")] = None,
    only: Only = None,
    accept_rehearsal: Annotated[
        bool, typer.Option("--accept-rehearsal", help="Exit 0 where all held, but on doubles.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the stack up afterwards; `down` ends it.")
    ] = False,
    deadline: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="Bound of the whole run.")
    ] = None,
    config: Config = None,
    assignments: Set = None,
) -> None:
    """Run the features against a stack and judge it."""
    from . import running

    configured = _configure(profile, platform, config, assignments)
    wish = running.Wish(report_dir, only, accept_rehearsal, keep, deadline)
    raise typer.Exit(int(running.run(configured, Terminal(), run_id(), wish)))


@app.command()
def plan(profile: Profile = None, only: Only = None, config: Config = None) -> None:
    """List the requirements that a run would judge."""
    from . import planning

    settings = _configure(profile, None, config, None).settings
    raise typer.Exit(int(planning.plan(Terminal(), settings.profile, only)))


@app.command()
def lint() -> None:
    """Check the features: every step bound, every tag known, every Then judged."""
    from . import planning

    raise typer.Exit(int(planning.lint(Terminal())))


@app.command()
def doctor(
    profile: Profile = None,
    platform: Platform = None,
    config: Config = None,
    assignments: Set = None,
) -> None:
    """Say what is missing on this machine, and where every setting comes from."""
    from . import checkup

    configured = _configure(profile, platform, config, assignments)
    raise typer.Exit(int(checkup.doctor(Terminal(), configured)))


@app.command()
def up(
    platform: Platform = None,
    config: Config = None,
    assignments: Set = None,
) -> None:
    """Start a stack that stays until `down`, and print what to paste into a shell."""
    from . import keeping

    configured = _configure(None, platform, config, assignments)
    raise typer.Exit(keeping.up(Terminal(sys.stderr), run_id(), configured))


@app.command()
def down(
    name: Annotated[str | None, typer.Argument(help="The stack; all kept ones by default.")] = None,
) -> None:
    """End kept stacks, and remove what runs that died left behind."""
    from . import keeping

    keeping.down(Terminal(), name)


artifacts = typer.Typer(help="The programs of a local stack.", no_args_is_help=True)
app.add_typer(artifacts, name="artifacts")


@artifacts.command("list")
def artifacts_list(config: Config = None, assignments: Set = None) -> None:
    """List the pinned programs, which of them a run needs and whether the cache has them."""
    from . import stocking

    configured = _configure(None, None, config, assignments)
    stocking.list_all(Terminal(), configured.settings)


@artifacts.command("build")
def artifacts_build(config: Config = None, assignments: Set = None) -> None:
    """Get or build what a run with these settings needs and the cache does not have."""
    from . import stocking

    configured = _configure(None, None, config, assignments)
    stocking.build(Terminal(), configured.settings)


@artifacts.command("clean")
def artifacts_clean() -> None:
    """Empty the cache."""
    from . import stocking

    stocking.clean(Terminal())


lab = typer.Typer(
    help="A kind node image and a stack's images, where no image registry can be reached.",
    no_args_is_help=True,
)
app.add_typer(lab, name="lab")


@lab.command("build")
def lab_build() -> None:
    """Build the images that docker does not hold as they must be; needs root and docker."""
    from . import laboratory

    laboratory.build(Terminal())


@lab.command("status")
def lab_status() -> None:
    """Say what this machine is to a kind cluster and which images are there; 3 if one is not."""
    from . import laboratory

    raise typer.Exit(int(laboratory.status(Terminal())))


@lab.command("clean")
def lab_clean() -> None:
    """Remove the lab's images and layers; the programs stay."""
    from . import laboratory

    laboratory.clean(Terminal())


@lab.command("engine")
def lab_engine() -> None:
    """Print a script that installs and starts docker on this machine; it is not run."""
    from . import laboratory

    laboratory.engine()


def main() -> None:
    """Run a command; every error ends in a sentence and its exit code, none in a traceback."""
    terminated: list[int] = []
    try:
        with heeded() as terminated:
            app()
    except SystemExit as ended:
        if terminated and ended.code == ExitCode.INTERRUPTED:  # typer's code for both signals
            sys.exit(int(ExitCode.TERMINATED))
        raise
    except UsageError as error:
        _fail(error, ExitCode.USAGE)
    except HarnessError as error:
        _fail(error, ExitCode.NO_VERDICT)
    except Interrupted:
        sys.exit(int(ExitCode.TERMINATED))
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
    except Exception as error:  # noqa: BLE001 - a traceback would end with 1: "not conformant"
        message = f"{type(error).__name__}: {error}"
        _fail(HarnessError(message, hint=REPORT_IT), ExitCode.NO_VERDICT)


def _fail(error: HarnessError, code: ExitCode) -> None:
    Terminal(sys.stderr).error(error)
    sys.exit(int(code))


def _configure(
    profile: str | None,
    platform: str | None,
    config: Path | None,
    assignments: list[str] | None,
) -> Configured:
    return configure(config, assignments or [], {"profile": profile, "platform": platform})
