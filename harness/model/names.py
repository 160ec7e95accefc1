"""The naming table: features name things by role, a platform supplies the names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of one integration are called. The defaults are the walkthrough's.

    Attributes:
        namespace: Where Trustee, SecretStore, ExternalSecret and Secret live.
        service_account: Whom the SecretStore logs in as.
        auth_mount: The store's Kubernetes auth method.
        kv_mount: The store's KV v2 mount.
        policy: The store's read policy.
        role: The store's role for the ServiceAccount.
        store_key: The secret's path below the KV mount.
        store_property: The property of that secret.
        secret_store: The SecretStore.
        external_secret: The ExternalSecret.
        secret: The Secret that it is copied to.
        secret_key: The key in that Secret.
        trustee_config: The TrusteeConfig.
        kbs_config: The KbsConfig, which the operator makes of it.
        reviewer: The ServiceAccount whose token the store reviews others with.
        reviewer_namespace: Where that one lives.
    """

    namespace: str = "operators"
    service_account: str = "default"
    auth_mount: str = "kubernetes"
    kv_mount: str = "secret"
    policy: str = "external-secret-policy"
    role: str = "external-secret-role"
    store_key: str = "external-secret-example1"
    store_property: str = "vaultTestSecret"
    secret_store: str = "vault-secret-store"  # noqa: S105 - a name
    external_secret: str = "vault-test-secret"  # noqa: S105 - a name
    secret: str = "vault-test-secret"  # noqa: S105 - a name
    secret_key: str = "externalVaultTestSecret"  # noqa: S105 - a name
    trustee_config: str = "trusteeconfig"
    kbs_config: str = "trusteeconfig-kbs-config"
    reviewer: str = "vault"
    reviewer_namespace: str = "vault"

    @property
    def resource_path(self) -> str:
        """The path that kbs-client asks for."""
        return f"default/{self.secret}/{self.secret_key}"
