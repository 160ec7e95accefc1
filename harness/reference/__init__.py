"""The Trustee doubles: three programs that share nothing with the rest of the harness.

`kbs` reads only its repository folder, `client` knows only a URL, `operator` alone talks to
Kubernetes. What they share with each other is in `protocol` and `jose`.
"""
