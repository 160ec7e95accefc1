"""The KBS double: serves a repository folder to attested clients over HTTP."""
