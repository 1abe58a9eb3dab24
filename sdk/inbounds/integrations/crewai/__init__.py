"""CrewAI: a call of a tool is judged in the tool's own place, whoever calls it.

    agent = create_guarded_agent(
        authorization=Authorization(guard), tools=[read, send], role=…, goal=…, backstory=…
    )
    crew = create_guarded_crew([agent], tasks)

A hook of the framework does not fit: the tool runs where one raises. An agent's tools, those
of its tasks, of its MCP servers and for its coworkers run under a permit alone. A refusal is a
failure of the tool that the model reads. The framework cannot wait for a person: the refusal says
that one has to approve, and the same call is judged again when it is put again.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .agents import create_guarded_agent
    from .authorization import Authorization
    from .crews import create_guarded_crew
except ImportError as missing:
    if not (missing.name or "").startswith("crewai"):
        raise
    raise ConfigurationError(
        "CrewAI is guarded with the package `crewai`, which is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[crewai]'",
    ) from missing

__all__ = ["Authorization", "create_guarded_agent", "create_guarded_crew"]
