"""Canonical forms: of arguments, of formatted values, and of JSON and YAML."""

MAX_DEPTH = 64
"""How deep arrays and objects of JSON may nest."""
MAX_INTEGER = 2**53 - 1
"""The largest whole number that every reader of JSON holds exactly (RFC 8259 §6)."""
