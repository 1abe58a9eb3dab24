"""Recorded calls of an agent, and attacks on it, put to the policy again without a model.

`cases` reads them, `attacks` plants what an attacker wrote, `stand` makes a guard on a deployment,
`run` plays one case, `score` sums up, and `rows` does all of it for one way to draft an intent.
"""
