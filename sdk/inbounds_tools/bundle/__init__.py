"""Signed policy bundles: reading, building and comparing them."""
