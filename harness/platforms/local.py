"""Platform local: every component a process of this machine, Kubernetes included."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.kubernetes import Kubernetes
from ..adapters.logs import LogFile
from ..artifacts import catalogue
from ..artifacts.provide import Binary, Provider
from ..artifacts.recipe import Artifact, Progress
from ..components import external_secrets as eso
from ..components import trustee as trustees
from ..components.control_plane import ControlPlane
from ..components.external_secrets import ExternalSecretsProcess
from ..components.kbs_client import KbsClientProcess
from ..components.kbs_program import KbsProgram
from ..components.manifests import load
from ..components.stack import Stack
from ..components.starting import port_hint
from ..components.store import StoreProcess
from ..components.trustee import Delivery, TrusteeProcess
from ..config import Settings
from ..errors import ComponentFailed, EnvironmentFailed
from ..model.canary import Canaries
from ..model.component import ComponentInfo
from ..model.names import Names
from ..model.words import Component

TOKEN_SECONDS = 24 * 3600
"""How long the tokens of the processes outside the cluster hold."""


@dataclass(slots=True)
class LocalPlatform:
    """A stack of processes on loopback, its state in one folder.

    Attributes:
        settings: The configuration.
        state: The folder, private to this user.
        provider: Where programs come from.
        canaries: Where secrets are made known.
        progress: Told what is being done.
    """

    settings: Settings
    state: Path
    provider: Provider
    canaries: Canaries
    progress: Progress
    names: Names = field(default_factory=Names)
    _failures: dict[Component, str] = field(default_factory=dict)
    _control_plane: ControlPlane | None = None
    _store: StoreProcess | None = None
    _eso: ExternalSecretsProcess | None = None
    _trustee: TrusteeProcess | None = None

    def start(self) -> Stack:
        """Start everything.

        A component under test that does not come up is noted in the stack's failures.

        Raises:
            EnvironmentFailed: Kubernetes does not come up or a program cannot be had.
        """
        _speak_directly()
        plane, store, external_secrets = self._make()
        self.progress("starting etcd, kube-apiserver and the store")
        plane.start()
        self._try(Component.STORE, store.start)
        aside = ThreadPoolExecutor(1)
        try:
            opening = aside.submit(self._try, Component.STORE, lambda: self._open(store))
            plane.await_ready(self.settings.deadlines.of("start"))
            self.progress("installing External Secrets Operator and Trustee")
            trustee = self._make_trustee(plane.admin)
            self._install(plane, external_secrets, trustee)
            opening.result()
        finally:
            aside.shutdown(wait=False)
        return self._stack(plane, store, external_secrets, trustee)

    def stop(self) -> None:
        """End everything that was started; never fails."""
        for part in (self._eso, self._trustee, self._store, self._control_plane):
            if part is not None:
                with contextlib.suppress(Exception):
                    part.kill()

    def exports(self) -> dict[str, str]:
        """Return the environment variables that point a shell at the stack, no secret in them."""
        if self._control_plane is None or self._store is None or self._trustee is None:
            return {}
        token = f"$(cat {self._store.token_file})"
        return {
            "KUBECONFIG": str(self._control_plane.folder / "admin.kubeconfig"),
            "BAO_ADDR": self._store.url,
            "BAO_TOKEN": token,
            "VAULT_ADDR": self._store.url,
            "VAULT_TOKEN": token,
            "KBS_URL": self._trustee.url,
        }

    def _make(self) -> tuple[ControlPlane, StoreProcess, ExternalSecretsProcess]:
        kube, store = self.settings.kubernetes, self.settings.store
        control_plane = ControlPlane(
            etcd=self._binary(catalogue.ETCD, "etcd", kube.etcd_path),
            apiserver=self._binary(catalogue.KUBERNETES, "kube-apiserver", kube.apiserver_path),
            controller_manager=self._binary(
                catalogue.KUBERNETES, "kube-controller-manager", kube.controller_manager_path
            ),
            folder=self._folder("kubernetes"),
            canaries=self.canaries,
        )
        bao = self._binary(catalogue.OPENBAO, "bao", store.path)
        artifact = catalogue.EXTERNAL_SECRETS[self.settings.external_secrets.version]
        controller = self._binary(artifact, "external-secrets", self.settings.external_secrets.path)
        self._control_plane = control_plane
        self._store = StoreProcess(bao, self._folder("store"), self.canaries)
        self._eso = ExternalSecretsProcess(
            controller, self.provider.file(artifact, "crds").path, self._folder("external-secrets")
        )
        return control_plane, self._store, self._eso

    def _make_trustee(self, kubernetes: Kubernetes) -> TrusteeProcess:
        wanted = self.settings.trustee_operator
        delivery = Delivery(wanted.emulates, wanted.period, wanted.gap)
        given = self.settings.kbs
        kbs = KbsProgram(given.path and given.path.resolve(), given.version, given.protocol)
        folder = self._folder("trustee")
        self._trustee = TrusteeProcess(kubernetes, self.names, folder, delivery, kbs)
        return self._trustee

    def _open(self, store: StoreProcess) -> None:
        store.await_ready(self.settings.deadlines.of("start"), self.names.kv_mount)

    def _install(
        self, plane: ControlPlane, external_secrets: ExternalSecretsProcess, trustee: TrusteeProcess
    ) -> None:
        """Start the operator first: it has its own start to make while ESO's CRDs are applied."""
        self._prepare(plane.admin)
        self._try(Component.TRUSTEE_OPERATOR, trustee.install)
        self._try(Component.TRUSTEE_OPERATOR, lambda: self._start_trustee(plane, trustee))
        self._try(Component.EXTERNAL_SECRETS, lambda: external_secrets.install(plane.admin))
        self._try(Component.EXTERNAL_SECRETS, lambda: self._start_eso(plane, external_secrets))
        self._try(Component.TRUSTEE_OPERATOR, lambda: self._await_trustee(trustee))

    def _prepare(self, kubernetes: Kubernetes) -> None:
        """Make the namespace, and the ServiceAccount that the store reviews tokens with."""
        namespace = {"apiVersion": "v1", "kind": "Namespace"}
        kubernetes.apply({**namespace, "metadata": {"name": self.names.namespace}})
        for manifest in load("reviewer.yaml"):
            kubernetes.apply(manifest)

    def _start_eso(self, plane: ControlPlane, external_secrets: ExternalSecretsProcess) -> None:
        external_secrets.await_installed(plane.admin, self.settings.deadlines.of("start"))
        kubeconfig = self._identity(plane, eso.SERVICE_ACCOUNT, eso.NAMESPACE)
        external_secrets.start(kubeconfig)

    def _start_trustee(self, plane: ControlPlane, trustee: TrusteeProcess) -> None:
        trustee.await_installed(self.settings.deadlines.of("start"))
        trustee.start(self._identity(plane, trustees.SERVICE_ACCOUNT, self.names.namespace))

    def _await_trustee(self, trustee: TrusteeProcess) -> None:
        trustee.await_generated(self.settings.deadlines.of("start"))
        if key := trustee.administrator_key():
            self.canaries.add("private key of KBS's administrator", key)

    def _identity(self, plane: ControlPlane, account: str, namespace: str) -> Path:
        """Give a process outside the cluster the rights of a ServiceAccount."""
        token = plane.admin.token(account, namespace, seconds=TOKEN_SECONDS)
        self.canaries.add(f"token of {namespace}/{account}", token)
        return plane.kubeconfig(f"{namespace}-{account}", token)

    def _stack(
        self,
        plane: ControlPlane,
        store: StoreProcess,
        external_secrets: ExternalSecretsProcess,
        trustee: TrusteeProcess,
    ) -> Stack:
        given = self.settings.kbs_client.path
        binary = Binary(given.resolve(), f"path {given}") if given else None
        client = KbsClientProcess(trustee.url, binary)
        return Stack(
            names=self.names,
            kubernetes=plane.admin,
            kubernetes_host=plane.server,
            kubernetes_ca=plane.authority.certificate.read_text(),
            store=store,
            external_secrets=external_secrets,
            trustee=trustee,
            client=client,
            reader=KbsClientProcess(trustee.url),
            doubles=self._doubles(),
            delivery_period=self.settings.trustee_operator.period,
            sample_path=trustee.sample_path,
            vitals=self._vitals,
            infos=lambda: self._infos(plane, store, external_secrets, trustee, client),
            logs=self._logs(plane, store, external_secrets, trustee),
            failures=self._failures,
            easings=self._easings(trustee),
        )

    def _infos(
        self,
        plane: ControlPlane,
        store: StoreProcess,
        external_secrets: ExternalSecretsProcess,
        trustee: TrusteeProcess,
        client: KbsClientProcess,
    ) -> Sequence[ComponentInfo]:
        return [
            store.info(),
            external_secrets.info(),
            plane.info(),
            *trustee.infos(),
            client.info(),
        ]

    def _logs(
        self,
        plane: ControlPlane,
        store: StoreProcess,
        external_secrets: ExternalSecretsProcess,
        trustee: TrusteeProcess,
    ) -> Mapping[str, LogFile]:
        return {
            **{name: LogFile(process.log) for name, process in plane.processes().items()},
            Component.STORE: store.log,
            Component.EXTERNAL_SECRETS: external_secrets.log,
            Component.TRUSTEE_OPERATOR: trustee.log,
            Component.KBS: trustee.kbs_log,
        }

    def _doubles(self) -> list[Component]:
        """Return what is not the user's own."""
        given = {
            Component.KBS: self.settings.kbs.path,
            Component.KBS_CLIENT: self.settings.kbs_client.path,
        }
        return [Component.TRUSTEE_OPERATOR, *(name for name, path in given.items() if not path)]

    def _easings(self, trustee: TrusteeProcess) -> list[str]:
        wanted = self.settings.trustee_operator
        return [
            "permissive resource policy: sample evidence is served",
            f"trusteeOperator.period {wanted.period:g} s (a kubelet's default is 60 s)",
            f"trusteeOperator.gap {wanted.gap:g} s (3 s to 33 s were measured on clusters)",
            *trustee.easings(),
        ]

    def _vitals(self) -> EnvironmentFailed | None:
        failure = self._control_plane.failure() if self._control_plane else None
        return failure or self._taken_port()

    def _taken_port(self) -> EnvironmentFailed | None:
        """Tell that a part does not run because somebody else listens where it was to."""
        parts = [(one.log, one.running) for one in (self._store, self._eso) if one is not None]
        if self._trustee is not None:
            parts.append((self._trustee.kbs_log, self._trustee.instance() is not None))
        for log, running in parts:
            if not running and (hint := port_hint(log.tail())):
                return EnvironmentFailed(
                    f"{log.path.stem} does not run: another program listens on its port",
                    hint=hint,
                    log=self.canaries.redact(log.tail()),
                )
        return None

    def _binary(self, artifact: Artifact, role: str, given: Path | None) -> Binary:
        return self.provider.file(artifact, role, given)

    def _folder(self, name: str) -> Path:
        folder = self.state / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _try(self, component: Component, start: Callable[[], None]) -> None:
        """Start a part under test; what keeps it from starting is its failure, not ours.

        Raises:
            EnvironmentFailed: its port is taken.
        """
        if component in self._failures:
            return
        try:
            start()
        except ComponentFailed as failure:
            if taken := self._taken_port():
                raise taken from None
            told = "\n".join(filter(None, [failure.message, failure.log]))
            self._failures[component] = self.canaries.redact(told)


def _speak_directly() -> None:
    """Keep what goes to this machine from a proxy of the user's, in children too."""
    for name in ("NO_PROXY", "no_proxy"):
        before = os.environ.get(name, "")
        if "127.0.0.1" not in before:
            os.environ[name] = ",".join(filter(None, [before, "127.0.0.1", "localhost"]))


def needed_artifacts(settings: Settings) -> list[Artifact]:
    """Return what a run with these settings takes from the cache, in the order of its start."""
    kube, external_secrets = settings.kubernetes, settings.external_secrets
    wanted: list[tuple[Artifact, bool]] = [
        (catalogue.ETCD, kube.etcd_path is None),
        (catalogue.OPENBAO, settings.store.path is None),
        (
            catalogue.KUBERNETES,
            kube.apiserver_path is None or kube.controller_manager_path is None,
        ),
        # a controller by path still needs the CRDs of its release
        (catalogue.EXTERNAL_SECRETS[external_secrets.version], True),
    ]
    return [one for one, needed in wanted if needed]


def missing_artifacts(settings: Settings, provider: Provider) -> list[Artifact]:
    """Return what a run with these settings would have to make first."""
    return [one for one in needed_artifacts(settings) if not provider.cache.has(one)]
