"""Google ADK: a call of a tool is judged before it, and compared in the tool's own place.

    app = guarded_app("desk", agent, authorization=AuthorizationPlugin(guard))

The plugin is there for every agent of a runner, also after a hand-off. A refusal is
the tool's response, which the model reads; where a person has to approve, ADK's own confirmation
is asked for, and the policy is asked again when it is answered.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .app import guarded_app
    from .plugin import AuthorizationPlugin
    from .run_config import TaskRunConfig
except ImportError as missing:
    if not (missing.name or "").startswith("google"):
        raise
    raise ConfigurationError(
        "Google ADK is guarded with the package `google-adk`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[google-adk]'",
    ) from missing

__all__ = ["AuthorizationPlugin", "TaskRunConfig", "guarded_app"]
