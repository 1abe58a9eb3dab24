"""Changes the policy one small step at a time, and holds its tests to noticing each.

`python -m tools.mutants` makes the mutants of every policy file written by hand, runs the
tests on each in a copy of the policy, and exits with 1 where one survives that
`tests/mutants.yaml` does not name with its reason, where an entry there names none that
survives, or where a rule has no mutant at all. `make mutants` is the same.
"""
