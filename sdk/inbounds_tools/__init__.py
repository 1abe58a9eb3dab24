"""The command line of Inbounds, and what it is made of: bundles, lint, drafts, tests, reports."""
