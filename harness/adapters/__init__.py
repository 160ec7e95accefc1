"""Thin ways to the outside: Kubernetes, the store's API, processes."""
