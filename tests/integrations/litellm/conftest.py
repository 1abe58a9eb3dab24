"""Imports LiteLLM before anything else does, and tells it what is to be left alone."""

import importlib
import os
import warnings

# LiteLLM looks at these when it is imported: nothing is fetched, and nothing is sent anywhere.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_TELEMETRY"] = "False"
os.environ["LITELLM_LOG"] = "ERROR"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its modules warn of one another
    importlib.import_module("litellm.proxy.proxy_server")
    from tests.integrations.litellm.gateway import Gateway

import pytest


@pytest.fixture(scope="session")
def proxy():
    """One proxy of LiteLLM for all tests of this process, with what is behind it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gateway = Gateway()
        gateway.start()
        yield gateway
        gateway.stop()
