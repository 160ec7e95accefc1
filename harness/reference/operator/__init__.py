"""The operator double: takes KbsConfig and Secrets to a repository and runs KBS over it."""
