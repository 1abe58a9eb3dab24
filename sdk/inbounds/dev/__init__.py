"""Development: an issuer and a feed in this process, and the deployment as YAML."""
