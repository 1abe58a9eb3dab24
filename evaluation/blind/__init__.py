"""Suites that were written without sight of the policy, and of each other.

A suite is a folder: `world.py` has the tools with what they do in memory, `registry/` the
deployment, `tasks.yaml` what users ask for, and `attacks.yaml` what attackers want. Each was frozen
in a commit before it was scored for the first time.
"""
