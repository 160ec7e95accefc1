@vault-auth @core
Feature: Vault auth
  The secret store trusts the cluster: it reviews ServiceAccount tokens and lets one of them read.

  @AUTH-001
  Scenario: The ServiceAccount of the SecretStore logs in
    The secret store MUST give the read policy to a token of the ServiceAccount that its role is bound to.

    Given the stack is installed
    When the secret store reviews tokens with the reviewer's token
    And the read policy is written
    And the role is bound to the ServiceAccount for the audience of the reviewer's token
    Then the ServiceAccount logs in by the role and gets the read policy
