"""Services of Inbounds: the issuer and the MCP proxy."""
