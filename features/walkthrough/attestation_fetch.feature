@attestation-fetch @core
Feature: Attestation fetch
  The Trustee operator hands the Secret to the KBS, and an attested client gets the value.

  @FETCH-001
  Scenario: An attested client decodes the value
    The kbs-client MUST decode the value that was put into the secret store, once the KbsConfig lists the Secret.

    Given the value is synced to the Secret
    When the Secret is added to the list of the KbsConfig
    Then the kbs-client decodes the value
