"""The secret store as a process: OpenBao's server, sealed, opened and mounted by us."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.logs import LogFile
from ..adapters.process import OwnedProcess, Ports
from ..adapters.store import Store, StoreError
from ..artifacts.provide import Binary
from ..errors import ComponentFailed
from ..model.canary import Canaries
from ..model.component import ComponentInfo
from ..model.words import Component
from ..wait import Deadline, DeadlinePassed, wait_until
from .inspect import checked_digest
from .starting import start

CONFIGURATION = """\
storage "raft" {{
  path                   = "{folder}/data"
  node_id                = "local"
  performance_multiplier = 1
}}
listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  tls_disable     = true
}}
api_addr     = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
"""


@dataclass(slots=True)
class StoreProcess:
    """OpenBao with raft storage on disk, so that it remembers what it holds over a restart.

    Attributes:
        binary: The server.
        folder: Its state; private.
        canaries: Where its root token and unseal key are made known.
    """

    binary: Binary
    folder: Path
    canaries: Canaries
    url: str = ""
    _ports: Ports = field(default_factory=Ports)
    _process: OwnedProcess | None = None
    _token: str = field(default="", repr=False)

    @property
    def token_file(self) -> Path:
        """The file that holds the root token."""
        return self.folder / "root-token"

    @property
    def api(self) -> Store:
        """The store as its root sees it."""
        return Store(self.url, self._token)

    @property
    def process(self) -> OwnedProcess | None:
        """The server's process, once it was started."""
        return self._process

    def start(self) -> None:
        """Start the server without waiting for it.

        Raises:
            ComponentFailed: it could not be started.
        """
        port, cluster_port = self._ports.take(2)
        self.url = f"http://127.0.0.1:{port}"
        (self.folder / "data").mkdir(mode=0o700)
        config = self.folder / "config.hcl"
        config.write_text(
            CONFIGURATION.format(folder=self.folder, port=port, cluster_port=cluster_port)
        )
        self._process = OwnedProcess(
            "openbao",
            [self.binary.path, "server", f"-config={config}"],
            self.log.path,
        )
        start(Component.STORE, self._process)

    def await_ready(self, deadline: Deadline, mount: str) -> None:
        """Initialise and unseal the server, and mount KV v2.

        Raises:
            ComponentFailed: it does not answer, or refuses.
        """
        try:
            self._await(self._answering, "answering", deadline)
            opened = Store(self.url).initialize()
            self._remember(opened.root_token, opened.unseal_key)
            Store(self.url).unseal(opened.unseal_key)
            self._await(self._active, "active", deadline)
            self._await(self._open, "open to its root token", deadline)
            self._await(lambda: self._mounted(mount), "set up for KV v2", deadline)
        except (DeadlinePassed, StoreError) as error:
            raise ComponentFailed(Component.STORE, str(error), log=self.log.tail()) from None

    def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.kill()
        self._ports.close()

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.running

    @property
    def log(self) -> LogFile:
        """The server's log."""
        return LogFile(self.folder / "openbao.log")

    def info(self) -> ComponentInfo:
        """Read version and digest from what runs."""
        pid = self._process.pid if self._process else None
        return ComponentInfo(
            name=Component.STORE,
            implementation="openbao",
            installer="process",
            version=self._version(),
            digest=checked_digest(pid, self.binary),
            source=self.binary.source,
        )

    def _version(self) -> str | None:
        try:
            return self.api.health().version
        except StoreError:
            return None

    def _remember(self, root_token: str, unseal_key: str) -> None:
        self._token = root_token
        self.canaries.add("store root token", root_token)
        self.canaries.add("store unseal key", unseal_key)
        self.canaries.add("store unseal key, decoded", base64.b64decode(unseal_key))
        self.token_file.touch(0o600)
        self.token_file.write_text(root_token)

    def _await(self, look: Callable[[], str], wanted: str, deadline: Deadline) -> None:
        """Wait until a look at the store shows what is wanted; a refusal counts as a sight."""

        def told() -> str:
            try:
                return look()
            except StoreError as error:
                return str(error)

        wait_until(
            told,
            lambda seen: seen == wanted,
            expected=f"the store to be {wanted}",
            deadline=deadline,
            fatal=lambda _: self._ended(),
        )

    def _answering(self) -> str:
        Store(self.url).health()
        return "answering"

    def _active(self) -> str:
        """A node that has just been unsealed is a standby first, which reads but does not write."""
        health = Store(self.url).health()
        if health.sealed:
            return "sealed"
        return "a standby" if health.standby else "active"

    def _open(self) -> str:
        return "open to its root token" if self.api.token_accepted() else "closed"

    def _mounted(self, mount: str) -> str:
        """Mount KV v2 unless it is there; a new mount refuses requests until it is set up."""
        self.api.enable_kv2(mount)
        self.api.read(mount, "not-there")
        return "set up for KV v2"

    def _ended(self) -> ComponentFailed | None:
        if self._process is None or self._process.running:
            return None
        status = self._process.exit_status
        return ComponentFailed(
            Component.STORE, f"the store ended with status {status}", log=self.log.tail()
        )
