"""Adapters: the places of agent frameworks where a call is judged before its tool runs.

One module and one extra for each framework. Nothing is imported here: an adapter imports its
framework, and who does not use it pays nothing.
"""
