"""The OPA that the command line starts: its binary, configuration and process."""
