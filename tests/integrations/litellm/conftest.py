"""Imports LiteLLM before anything else does."""

import importlib
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its modules warn of one another
    gateway = importlib.import_module("tests.integrations.litellm.gateway")


@pytest.fixture(scope="session")
def proxy():
    """One proxy of LiteLLM for all tests of this process, with what is behind it."""
    yield gateway.running()
    gateway.running().stop()
