"""`breaking.py WHAT ARGUMENTS...`: the command line with one thing broken on purpose.

Each fault takes the place of one action of the harness or of one part of the stack; nothing
that observes or judges is touched.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from trustee_conformance.harness import cli
from trustee_conformance.harness.adapters.process import Ports
from trustee_conformance.harness.adapters.store import RoleBinding, Store
from trustee_conformance.harness.components.trustee import TrusteeProcess
from trustee_conformance.harness.engine.look import Context
from trustee_conformance.harness.engine.walkthrough import Walkthrough


def nothing() -> None:
    """Break nothing."""


def wrong_role() -> None:
    """The role is bound to another ServiceAccount."""
    write = Store.write_role

    def bind(self: Store, mount: str, role: str, binding: RoleBinding) -> None:
        write(self, mount, role, dataclasses.replace(binding, service_account="somebody-else"))

    Store.write_role = bind


def absent_role() -> None:
    """The SecretStore names a role that the store does not have."""
    apply = Walkthrough.apply

    def misname(self: Walkthrough, kind: str, manifest: dict) -> None:
        if kind == "SecretStore":
            manifest["spec"]["provider"]["vault"]["auth"]["kubernetes"]["role"] = "no-such-role"
        apply(self, kind, manifest)

    Walkthrough.apply = misname


def policy_without_read() -> None:
    """The policy lets nobody read."""
    write = Store.write_policy
    Store.write_policy = lambda self, name, path, _: write(self, name, path, ["list"])


def secret_not_listed() -> None:
    """The Secret is never added to the KbsConfig."""
    TrusteeProcess.publish = lambda *_: None


def hidden_release() -> None:
    """The operator copies as v0.21 does, while every setting says that it is v0.17."""
    flags = TrusteeProcess.start

    def start(self: TrusteeProcess, kubeconfig: Path) -> None:
        self.delivery = dataclasses.replace(self.delivery, emulates="v0.21")
        flags(self, kubeconfig)
        self.delivery = dataclasses.replace(self.delivery, emulates="v0.17")

    TrusteeProcess.start = start


def external_secrets_stopped() -> None:
    """ESO is stopped before the rotation."""
    _before_rotation(lambda run: run.context.stack.external_secrets.stop())


def operator_stopped() -> None:
    """The operator is stopped before the rotation."""
    _before_rotation(lambda run: run.context.stack.trustee.stop_operator())


def store_gone() -> None:
    """The store is killed before the rotation is synced."""

    def kill(walkthrough: Walkthrough) -> None:
        os.kill(walkthrough.context.stack.store.process.pid, signal.SIGKILL)

    _before_rotation(kill, after_put=True)


def store_gone_before_the_put() -> None:
    """The store is killed before the new value is put."""

    def kill(walkthrough: Walkthrough) -> None:
        process = walkthrough.context.stack.store.process
        os.kill(process.pid, signal.SIGKILL)
        process.kill()

    _before_rotation(kill)


def evidence_unreadable() -> None:
    """What ran cannot be read."""

    def fail(*_: object) -> None:
        raise OSError("no digest today")

    TrusteeProcess.infos = fail


def kbs_gone() -> None:
    """The operator and the KBS pod are gone before the rotation."""

    def spoil(walkthrough: Walkthrough) -> None:
        trustee = walkthrough.context.stack.trustee
        os.kill(trustee.operator.pid, signal.SIGKILL)
        os.kill(int(trustee.instance().split("-")[1]), signal.SIGTERM)

    _before_rotation(spoil)


def etcd_killed() -> None:
    """etcd is killed before the rotation."""
    _before_rotation(lambda _: kill_program("etcd"))


def apiserver_killed() -> None:
    """The API server is killed before the rotation."""
    _before_rotation(lambda _: kill_program("kube-apiserver"))


def controller_manager_killed() -> None:
    """The controller manager is killed before the rotation."""
    _before_rotation(lambda _: kill_program("kube-controller-manager"))


def port_taken() -> None:
    """Another program listens on the ports of a part: `WHOSE` says of which."""
    whose = os.environ["WHOSE"]
    take = Ports.take

    def taken(self: Ports, count: int) -> list[int]:
        ports = take(self, count)
        if whose in sys._getframe(1).f_code.co_filename:
            listening.extend(socket.create_server(("127.0.0.1", port)) for port in ports)
        return ports

    listening: list[socket.socket] = []
    Ports.take = taken


def kill_program(name: str) -> None:
    """Kill the program of that name that this run has started."""
    [process] = [
        one for one in psutil.Process().children(recursive=True) if Path(one.exe()).name == name
    ]
    process.kill()


def value_in_journal() -> None:
    """An observation carries the value itself."""
    put = Store.put

    def leak(self: Store, mount: str, key: str, data: dict[str, str]) -> int:
        [context] = contexts
        with context.journal.path.open("a") as file:
            file.write("\n".join(data.values()) + "\n")
        return put(self, mount, key, data)

    contexts: list[Context] = []
    remember = Walkthrough.put_new_value

    def watch(self: Walkthrough) -> object:
        contexts[:] = [self.context]
        return remember(self)

    Store.put, Walkthrough.put_new_value = leak, watch


def _before_rotation(act: Callable[[Walkthrough], None], *, after_put: bool = False) -> None:
    put = Walkthrough.put_new_value

    def put_new_value(self: Walkthrough) -> object:
        rotation = self.intended is not None
        if rotation and not after_put:
            act(self)
        done = put(self)
        if rotation and after_put:
            act(self)
        return done

    Walkthrough.put_new_value = put_new_value


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")]()
    sys.argv = ["trustee-conformance", *sys.argv[2:]]
    cli.main()
