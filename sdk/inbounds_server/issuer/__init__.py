"""Where identities and tasks are signed."""
