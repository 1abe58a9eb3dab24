"""Faults put into the core of the SDK, one at a time, to see whether a test notices each.

`python -m tools.mutants_python [area …]` makes the mutants of the core's modules, runs for
each the tests that reach its lines, and compares those that survive with
`tests/mutants_python.yaml`. It exits with 1 where one survives that is not named there with
its reason, or where a named one no longer does.
"""
