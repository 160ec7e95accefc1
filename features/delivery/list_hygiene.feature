@attestation-fetch @extended
Feature: List hygiene
  One bad entry in the list of the KbsConfig keeps the whole list from being followed, so it must do no more harm than that.

  @LIST-001
  Scenario: A Secret that is not there yet
    An entry whose Secret does not exist MUST NOT keep the KBS from serving what it served before, and MUST be served once the Secret exists.

    Given the kbs-client decodes the value that was synced
    When the list gets an entry whose Secret does not exist
    Then the Trustee operator says that the Secret is not found
    And the KbsConfig is ready
    And the kbs-client goes on decoding the value over two delivery periods
    When the missing Secret is made
    Then the kbs-client decodes the value of the missing Secret

  @LIST-002
  Scenario: An entry twice
    An entry that is listed twice MUST NOT keep the KBS from serving what it served before, and the list MUST be followed again once it is listed once.

    Given the kbs-client decodes the value that was synced
    When the list gets the entry of the synced Secret a second time
    Then the Trustee operator says that the volume is a duplicate
    And the KbsConfig is ready
    And the kbs-client goes on decoding the value over two delivery periods
    When the second entry is taken off the list
    And the list gets the entry of another Secret
    Then the kbs-client decodes the value of the other Secret

  @LIST-003
  Scenario: A name with a dot
    An entry with a dot in its name MUST NOT keep the KBS from serving what it served before, and the list MUST be followed again once it is gone.

    Given the kbs-client decodes the value that was synced
    When the list gets the entry of a Secret with a dot in its name
    Then the Trustee operator says that a volume's name has no dots
    And the KbsConfig is ready
    And the kbs-client goes on decoding the value over two delivery periods
    When the entry with the dot is taken off the list
    And the list gets the entry of another Secret
    Then the kbs-client decodes the value of the other Secret

  @LIST-004
  Scenario: A name that is too long
    An entry with a name of over 63 characters MUST NOT keep the KBS from serving what it served before, and the list MUST be followed again once it is gone.

    Given the kbs-client decodes the value that was synced
    When the list gets the entry of a Secret with a name of over 63 characters
    Then the Trustee operator says that a volume's name is shorter
    And the KbsConfig is ready
    And the kbs-client goes on decoding the value over two delivery periods
    When the entry that is too long is taken off the list
    And the list gets the entry of another Secret
    Then the kbs-client decodes the value of the other Secret

  @LIST-005
  Scenario: A name that the operator uses itself
    An entry with the name of one of the operator's own volumes MUST NOT keep the KBS from serving what it served before, and the list MUST be followed again once it is gone.

    Given the kbs-client decodes the value that was synced
    When the list gets the entry of a Secret with a reserved name
    Then the Trustee operator says that the volume is a duplicate
    And the KbsConfig is ready
    And the kbs-client goes on decoding the value over two delivery periods
    When the reserved entry is taken off the list
    And the list gets the entry of another Secret
    Then the kbs-client decodes the value of the other Secret
