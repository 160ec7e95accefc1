"""`python -m trustee_conformance.harness.reference.operator`: runs until SIGTERM.

It leaves the KBS pod running when it ends, as the real operator does.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from .cluster import Cluster
from .pod import Pod
from .reconcile import Operator, Settings


def main() -> None:
    """Serve one KbsConfig."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    cluster = Cluster(arguments.kubeconfig, arguments.namespace)
    cluster.start()
    folder: Path = arguments.folder
    pod = Pod(folder / "pod.json", arguments.owner, folder / "kbs.log")
    settings = Settings(
        kbs_config=arguments.kbs_config,
        folder=folder,
        socket=arguments.socket,
        command=(sys.executable, "-m", "trustee_conformance.harness.reference.kbs"),
        period=arguments.period,
        gap=arguments.gap,
    )
    Operator(cluster, pod, settings).run(stopped)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trustee-operator", description="Reference operator")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--kbs-config", required=True, help="name of the KbsConfig")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--socket", required=True, help="where KBS listens, host:port")
    parser.add_argument("--owner", type=int, required=True, help="process that owns the stack")
    parser.add_argument("--period", type=float, default=1.0, help="seconds, volume sync")
    parser.add_argument("--gap", type=float, default=1.0, help="seconds without service in a roll")
    return parser


if __name__ == "__main__":
    main()
