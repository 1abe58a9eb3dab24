"""Drafting a deployment from the sources of an agent, which are read and never run."""
