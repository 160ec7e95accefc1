@rotation @core
Feature: Rotation
  A value that changes in the secret store changes for the client, with nothing restarted.

  @ROTATION-001
  Scenario: The client decodes the new value and never the old one again
    After a rotation the kbs-client MUST decode the new value without a restart of the KBS pod and from then on MUST NOT decode the old one.

    Given the kbs-client decodes the value that was synced
    When a new value is put into the secret store
    And a refresh of the ExternalSecret is forced
    Then the kbs-client decodes the new value
    And the kbs-client goes on decoding the new value over two delivery periods
    And the KBS pod is the one that ran before
