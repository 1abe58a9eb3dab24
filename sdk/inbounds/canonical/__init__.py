"""Canonical forms: of arguments, of formatted values, and of JSON and YAML."""

MAX_DEPTH = 64
"""How deep arrays and objects of JSON may nest."""
MAX_VALUES = 2**18
"""How many values JSON of others may hold: reading each takes a microsecond and 100 bytes."""
MAX_INTEGER = 2**53 - 1
"""The largest whole number that every reader of JSON holds exactly (RFC 8259 §6)."""
