"""What the demonstration is bounded by: keys, tokens and a deployment, drawn afresh.

    python -m demo.authority --to FOLDER --deployment FOLDER

draws them for an OPA that is started apart. Private keys and tokens go to the first folder, and
to the second what that OPA has to have: the bundle of the deployment and the public key it is
signed with. Where they were drawn already, nothing is done.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from inbounds import InboundsError
from inbounds.dev.issuer import About
from inbounds.dev.setup import create_development
from inbounds.engine import assets
from inbounds_tools.opa import binary

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = "spiffe://acme.example/agent/assistant"
PEP = "assistant-pep"
_HERE = Path(__file__).resolve().parent
_TOKENS = ("pep", "feed")
_DONE = "deployment.pub"


def draw(folder: Path) -> dict[str, str]:
    """Draw the issuer's and the feed's keys and the bearer tokens, and write the deployment.

    Args:
        folder: Gets `deployment/` and `.inbounds/`.

    Returns:
        The tokens by whose they are: `pep` and `feed`. They are written nowhere.
    """
    deployment = folder / "deployment"
    shutil.copytree(_HERE / "deployment", deployment, dirs_exist_ok=True)
    about = About(
        issuer="https://issuer.acme.example",
        audience="inbounds-demo",
        agent=AGENT,
        tenant="acme",
        environment="office",
        pep=PEP,
        kid="-",
    )
    made: dict[str, Any] = create_development(folder / ".inbounds" / "issuer", about)
    drawn = {name: secrets.token_urlsafe(32) for name in _TOKENS}
    hashed = {name: hashlib.sha256(token.encode()).hexdigest() for name, token in drawn.items()}
    made["peps"] = {
        PEP: {
            "tenants": ["acme"],
            "environments": ["office"],
            "obligations": ["notify", "truncate"],
            "token_sha256": [hashed["pep"]],
        }
    }
    settings = yaml.safe_load((deployment / "settings.yaml").read_text("utf-8"))
    made["settings"] = {**settings, "feed_writers": {"demo": [hashed["feed"]]}}
    for name, value in made.items():
        (deployment / f"{name}.yaml").write_text(yaml.safe_dump(value), "utf-8")
    return drawn


def sign(folder: Path, opa: Path) -> tuple[Mapping[str, Path], Path]:
    """Build the bundles of what was drawn, signed with a key of their own.

    Args:
        folder: What `draw` has filled; gets `bundles/` and the keys `.inbounds/release.pem` and
            `release.pub`.
        opa: The OPA binary.

    Returns:
        The bundles by what they hold, and the public key.
    """
    from inbounds.identity.signing_keys import SigningKey
    from inbounds_tools.bundle.build import build

    private, public = folder / ".inbounds" / "release.pem", folder / "release.pub"
    drawn = SigningKey.generate()
    drawn.write(private)
    public.write_text(drawn.public_pem(), "ascii")
    built = build(
        rego=assets.rego(),
        site=None,
        deployment=folder / "deployment",
        key=private,
        out=folder / "bundles",
        opa=opa,
        capabilities=assets.capabilities(),
    )
    return {str(artefact): path for artefact, path in built.files.items()}, public


def keep(folder: Path, deployment: Path) -> bool:
    """Draw everything for an OPA that is started apart, unless that was done before.

    Args:
        folder: Gets what is private: keys, and the tokens in files.
        deployment: Gets what that OPA has to have.

    Returns:
        Whether anything was drawn.
    """
    if (deployment / _DONE).exists():
        return False
    with tempfile.TemporaryDirectory(prefix="inbounds-drawn-") as scratch:
        drawn = Path(scratch)
        tokens = draw(drawn)
        signed, public = sign(drawn, binary.find())
        (drawn / ".inbounds" / "release.pem").unlink()  # signs nothing more
        for part in (".inbounds", "deployment"):
            shutil.copytree(drawn / part, folder / part, dirs_exist_ok=True)
        for name, token in tokens.items():
            path = folder / f"{name}.token"
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(token)
        shutil.copyfile(signed["deployment"], deployment / "deployment.tar.gz")
        shutil.copyfile(public, deployment / _DONE)  # last, since it says that all is there
    return True


def take(folder: Path, to: Path) -> dict[str, str]:
    """Copy what `keep` has drawn, so that a run leaves nothing there, and return the tokens."""
    for part in (".inbounds", "deployment"):
        shutil.copytree(folder / part, to / part, dirs_exist_ok=True)
    return {name: (folder / f"{name}.token").read_text("ascii") for name in _TOKENS}


def main(arguments: list[str] | None = None) -> int:
    """Draw as the command line says, and return the exit code: 0, or 2 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m demo.authority")
    parser.add_argument("--to", type=Path, required=True, help="for private keys and tokens")
    parser.add_argument("--deployment", type=Path, required=True, help="for what OPA has to have")
    options = parser.parse_args(arguments)
    try:
        drawn = keep(options.to, options.deployment)
    except (InboundsError, OSError, subprocess.SubprocessError) as error:
        print(f"nothing could be drawn: {error}", file=sys.stderr)
        return 2
    print("drawn and signed" if drawn else "drawn before")
    return 0


if __name__ == "__main__":
    sys.exit(main())
