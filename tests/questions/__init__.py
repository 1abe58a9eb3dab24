"""Generated questions: whole ones, over generated deployments and states of the live feed.

A run is a seed and a number of worlds. A world is one deployment, one moment and several
states of the live feed; every question of it is drawn from the seed, the world's number and
its own, so that each can be drawn again alone:

    python -m tests.questions SEED:WORLD:NUMBER --save question.json
    inbounds explain question.json

Keys, and so the bytes of signatures, differ between runs; nothing else does. A saved question
holds its tokens.
"""

SEED = 4
"""The seed of the run of `make test`."""
WORLDS = 44
"""How many worlds that run has: enough for every code to have its turn twenty times."""
