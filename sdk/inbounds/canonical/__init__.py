"""Canonical forms: of arguments, of formatted values, and of JSON and YAML."""
