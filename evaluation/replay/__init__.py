"""Calls of an agent, and attacks on them, run through a guard without a model.

`cases` reads packed cases and `sources` stages the calls of one, `attacks` writes what an attacker
plants, `testbed` makes a guard on a deployment, `run` runs one case, `rows` all cases of a suite,
`score` sums up, and `table` does all of it for a folder.
"""
