"""Imports CrewAI before anything else does."""

import importlib
import os
import warnings

# The framework looks at these when it is imported: nothing is to be sent anywhere.
os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"
os.environ["CREWAI_TESTING"] = "true"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its modules warn of one another
    importlib.import_module("crewai")
