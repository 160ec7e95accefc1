@sync @core
Feature: Sync
  The External Secrets Operator copies the value from the secret store to a Kubernetes Secret.

  @SYNC-001
  Scenario: The SecretStore becomes valid
    The External Secrets Operator MUST report a SecretStore ready whose role the secret store accepts.

    Given the secret store trusts the cluster
    When the SecretStore is applied
    Then the SecretStore becomes ready

  @SYNC-002
  Scenario: The value arrives in the Secret
    The Secret that an ExternalSecret names MUST hold the value that was put into the secret store.

    Given the secret store trusts the cluster
    When a value is put into the secret store
    And the SecretStore is applied
    And the ExternalSecret is applied
    Then the Secret holds the value
