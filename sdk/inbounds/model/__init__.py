"""The question, the answer, claims, session state, deployment and registry. No I/O."""
