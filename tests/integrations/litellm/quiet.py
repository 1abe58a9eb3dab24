"""Says to LiteLLM what is to be left alone: it looks at that when it is imported.

Nothing is fetched, and nothing is sent anywhere.
"""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_TELEMETRY"] = "False"
os.environ["LITELLM_LOG"] = "ERROR"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
