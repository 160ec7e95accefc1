@attestation-fetch @extended
Feature: Rollout
  A change of the list replaces the KBS pod, and fetches fail meanwhile.

  @ROLL-001
  Scenario: A new entry is served within a minute, and so is everything else
    After an entry is added to the list of the KbsConfig the kbs-client MUST decode its value within a minute, and again what it decoded before.

    Given the kbs-client decodes the value that was synced
    When the list gets the entry of another Secret
    Then the kbs-client decodes the value of the other Secret within a minute
    And the kbs-client decodes the value
