"""An MCP server that stands in front of another one, and lets through what the policy allows.

`inbounds mcp-proxy` runs it: a host starts it in place of the server behind, which needs no change.
`AuthorizationMiddleware` judges each message; here are the two connections, and whose task it is.
"""
