@rotation @extended
Feature: Rotation with a fresh pod
  Where a rotation does not reach the KBS pod that runs, a fresh one has the new value.

  @ROTATION-002
  Scenario: A fresh KBS pod serves the new value
    After a rotation the kbs-client MUST decode the new value once the KBS pod is replaced.

    Given the value is synced to the Secret
    When the Secret is added to the list of the KbsConfig
    And a new value is put into the secret store
    And a refresh of the ExternalSecret is forced
    Then the Secret holds the new value
    When the KBS pod is replaced
    Then the kbs-client decodes the new value
