@install @core
Feature: Install
  The parts of the integration are there and answer, before anything is asked of them.

  @INSTALL-001
  Scenario: The secret store answers
    The secret store MUST be initialised and unsealed and accept the credentials it was set up with.

    Given the stack is installed
    Then the secret store is unsealed and takes requests

  @INSTALL-002
  Scenario: The External Secrets Operator runs
    The External Secrets Operator MUST serve its API and its controller MUST be healthy.

    Given the stack is installed
    Then the External Secrets Operator serves its API and is healthy

  @INSTALL-003
  Scenario: Trustee runs
    The Trustee operator MUST report its KbsConfig ready and the KBS MUST answer its clients.

    Given the stack is installed
    Then the KbsConfig is ready
    And the KBS answers the kbs-client
