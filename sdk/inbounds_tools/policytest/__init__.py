"""For the authors of a site's own rules: writing one, testing it, and doing so with OPA alone."""
