"""Saying in plain words what was decided, and what would have to change."""
