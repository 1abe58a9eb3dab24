"""`inbounds live`: own the revocation feed; end, revoke and stop; see what is in it."""

from __future__ import annotations

import typer

from . import change, listed
from .serve import serve

app = typer.Typer(
    help="The revocation feed: what has been ended, revoked or stopped.", no_args_is_help=True
)
for command in (change.kill, change.release, change.end, change.revoke, serve):
    app.command()(command)
app.command("list")(listed.command)
