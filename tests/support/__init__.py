"""Helpers for tests: scratch databases, a running server, a browser, the shared data."""
