"""`python -m trustee_conformance.harness.reference.operator`: runs until SIGTERM.

It leaves the KBS pod running when it ends, as the real operator does.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from kubernetes.config import ConfigException

from ..protocol import VERSION
from .backend import Backend
from .cluster import DEPLOYMENT, SERVICE, WATCHED, Cluster, Kind, connect
from .pod import Pod
from .pod_spec import Images
from .process import ProcessBackend, Settings, reference_kbs
from .recognise import Trial
from .reconcile import Operator
from .releases import GENERATIONS, RELEASES, KbsGeneration, Release
from .reporter import Reporter
from .workload import WorkloadBackend

log = logging.getLogger("operator")

CONVERTER = "python -m trustee_conformance.harness.reference.operator.converter"
NAMESPACE = "trustee-operator-system"


def main() -> None:
    """Serve one namespace."""
    given = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    release = RELEASES[given.emulates]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    _check(given)
    generation, why = _generation(given, release)
    if given.backend == "workload" and generation.name != release.generation:
        _refuse("--backend workload deploys the release's own KBS generation")
    log.info("%s; KBS generation %s, %s", _version(release), generation.name, why)
    on_cluster = given.backend == "workload"
    cluster = _connect(given, (*WATCHED, DEPLOYMENT, SERVICE) if on_cluster else WATCHED)
    cluster.start()
    backend: Backend = WorkloadBackend(cluster, release)
    if not on_cluster:
        backend = _process(given, cluster, generation)
    reporter = Reporter(cluster, events=release.events)
    Operator(cluster, backend, release, generation, _images(given, generation), reporter).run(
        stopped
    )


def _generation(given: argparse.Namespace, release: Release) -> tuple[KbsGeneration, str]:
    """Return the generation of the KBS to run, and how it is known."""
    if given.kbs_generation:
        return GENERATIONS[given.kbs_generation], "as given"
    if given.kbs_program and given.backend == "process":
        found = Trial(given.kbs_program, given.socket, given.folder).recognise()
        if found is not None:
            return found, "recognised by trying"
        return GENERATIONS[release.generation], "the release's, as the program takes none"
    return GENERATIONS[release.generation], "the release's"


def _check(given: argparse.Namespace) -> None:
    if given.backend == "process":
        missing = [name for name in ("folder", "socket", "owner") if getattr(given, name) is None]
        if missing:
            _refuse(f"--backend process needs --{' and --'.join(missing)}")
    elif not given.image:
        _refuse("--backend workload needs --image or KBS_IMAGE_NAME")


def _connect(given: argparse.Namespace, kinds: tuple[Kind, ...]) -> Cluster:
    try:
        return Cluster(connect(given.kubeconfig), given.namespace, kinds)
    except ConfigException as error:
        where = given.kubeconfig or "this is no pod, and there is no --kubeconfig"
        _refuse(f"cannot connect to a cluster: {where}: {error}")


def _process(given: argparse.Namespace, cluster: Cluster, generation: KbsGeneration) -> Backend:
    command = reference_kbs(sys.executable, generation, given.kbs_protocol)
    if given.kbs_program:
        command = (str(given.kbs_program),)
    pod = Pod(given.folder / "pod.json", given.owner, given.folder / "kbs.log")
    settings = Settings(given.folder, given.socket, command, given.period, given.gap)
    return ProcessBackend(cluster, pod, settings, generation)


def _images(given: argparse.Namespace, generation: KbsGeneration) -> Images:
    on_cluster = given.backend == "workload"
    command = reference_kbs("python", generation, given.kbs_protocol)
    # without a cluster nothing pulls them, but an API server is asked whether the pod is valid
    return Images(
        kbs=given.image if on_cluster else "reference",
        command=tuple(given.command.split()) or command,
        converter=given.operator_image if on_cluster else "reference",
        converter_command=tuple(given.converter_command.split()),
    )


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"Error: {message}\n")
    sys.exit(2)


def _version(release: Release) -> str:
    return f"trustee-operator double {version('trustee-conformance')}, emulates {release.name}"


class _Version(argparse.Action):
    """Prints the version and the release that the options before it name."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Print and end."""
        del values, option_string
        sys.stdout.write(f"{_version(RELEASES[namespace.emulates])}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trustee-operator", description="Reference operator")
    add, env = parser.add_argument, os.environ.get
    add("--emulates", choices=list(RELEASES), default="v0.17", help="whose behaviour")
    add("--version", action=_Version, nargs=0, help="after --emulates")
    add("--kbs-generation", choices=list(GENERATIONS), help="whose configuration and layout")
    add("--kubeconfig", type=Path, help="by default as the pod that this runs in")
    add("--namespace", default=env("POD_NAMESPACE", NAMESPACE))
    add("--backend", choices=["process", "workload"], default="process")
    add("--folder", type=Path, help="process: its state")
    add("--socket", help="process: where KBS listens, host:port")
    add("--owner", type=int, help="process: the process that owns the stack")
    add("--kbs-program", type=Path, help="process: a KBS of your own")
    add("--kbs-protocol", default=VERSION, help="of the reference KBS: also 0.1.1 or 0.2.0")
    add("--period", type=float, default=1.0, help="process: seconds, volume sync")
    add("--gap", type=float, default=1.0, help="process: seconds without service in a roll")
    add("--image", default=env("KBS_IMAGE_NAME", ""), help="workload: the image of KBS")
    add("--command", default="", help="workload: how KBS is started, by default ours")
    add("--operator-image", default=env("OPERATOR_IMAGE_NAME", ""), help="workload: converter's")
    add("--converter-command", default=CONVERTER, help="workload: how that is started")
    return parser


if __name__ == "__main__":
    main()
