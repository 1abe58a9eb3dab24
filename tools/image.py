"""Builds the two container images, of OPA and of the demonstration.

    python -m tools.image                          from the bases that the Containerfiles name
    python -m tools.image --bases local            from bases made here, without a registry
    python -m tools.image --bundles dist/ --key release.pub     with an operator's own bundles

What an image gets is gathered in `build/image` first, and `.dockerignore` lets nothing else in.
The same files give the same layers: times are left out.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from inbounds.engine import assets
from inbounds.engine.bundle import read_signed
from inbounds.errors import ConfigurationError, InboundsError
from inbounds.version import __version__
from inbounds_tools.opa import binary
from inbounds_tools.opa import config as opa_config

ROOT = Path(__file__).resolve().parent.parent
GATHERED = ROOT / "build" / "image"
BUILDERS = ("buildah", "podman", "docker")
"""What can build an image, the usual one first."""
PREFIX = "localhost/inbounds"
PYTHON = "3.11"
"""The Python of the demonstration's base, which compiled packages are picked for."""
SUITE = "bookworm"
"""The Debian that has that Python, for a base made here."""
_IN_IMAGE = {"rego": "policy", "live": "live", "site": "site"}
"""What a bundle is called in the image, by what it holds."""


@dataclass(frozen=True, slots=True)
class Bases:
    """The images to build on; the ones that the Containerfiles name where empty.

    Attributes:
        opa: Has a static OPA at `/opa`.
        python: Has the Python that packages are gathered for.
    """

    opa: str = ""
    python: str = ""


class NotBuilt(Exception):
    """An image cannot be built; one sentence says why, and what to do now."""


def run(*line: str | Path, now: str = "") -> None:
    """Run a program in the checkout.

    Args:
        line: The program, and what it is given.
        now: What to do where it fails.

    Raises:
        NotBuilt: It is not installed, or failed; what it said stands above.
    """
    words = [str(word) for word in line]
    # What Python runs is named by its module, and the way to Python is nobody's question.
    name = words[2] if words[1:2] == ["-m"] else words[0]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    try:
        ended = subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode
    except FileNotFoundError:
        raise NotBuilt(f"{name} is not installed: `apt-get install {name}`") from None
    if ended:
        then = f"; {now}" if now else ""
        raise NotBuilt(f"{name} ended with {ended}, for what it says above{then}")


def require_builder(builder: str) -> None:
    """Refuse a builder that is not installed, before anything is gathered.

    Raises:
        NotBuilt: The message names those that are.
    """
    if shutil.which(builder) is not None:
        return
    others = [f"BUILDER={name}" for name in BUILDERS if name != builder and shutil.which(name)]
    now = f"{' or '.join(others)} is" if others else "`apt-get install buildah` brings one"
    raise NotBuilt(f"{builder} is not installed; {now}")


def gather_opa(folder: Path, *, bundles: list[Path], key: Path) -> str:
    """Gather what the image of OPA gets, and return the revision of the policy.

    Args:
        folder: Where to; what is there is removed. Gets the Containerfile as well, with the entry
            point in it.
        bundles: The signed bundles. The deployment's is left out: it is mounted.
        key: The public key that they must be signed with.

    Raises:
        ConfigurationError: A bundle is not signed by `key`, is there twice, or missing.
    """
    fresh(folder)
    root = folder / "root"
    (folder / "run").mkdir()
    for name in ("bundles", "deployment", "etc/inbounds", "licenses", "run"):
        (root / name).mkdir(parents=True)
    revisions: dict[str, str] = {}
    for path in bundles:
        bundle = read_signed(path, key)
        artefact = str(bundle.metadata.get("artefact"))
        if artefact not in _IN_IMAGE:
            continue
        name = _IN_IMAGE[artefact]
        if name in revisions:
            raise ConfigurationError(
                f"there is more than one bundle of the kind `{artefact}`", code="bundle.ambiguous"
            )
        revisions[name] = bundle.revision
        shutil.copyfile(path, root / "bundles" / f"{name}.tar.gz")
    if missing := {"policy", "live"} - revisions.keys():
        raise ConfigurationError(
            f"no bundle holds {' or '.join(sorted(missing))}", code="bundle.missing"
        )
    shutil.copyfile(key, root / "etc" / "inbounds" / "release.pub")
    config = opa_config.for_deployment_file(
        assets.opa_config(), path="/deployment/deployment.tar.gz"
    )
    (root / "etc" / "inbounds" / "opa.json").write_text(config + "\n", "utf-8")
    shutil.copyfile(ROOT / "LICENSE", root / "licenses" / "LICENSE")
    containerfile = (ROOT / "docker" / "opa.Containerfile").read_text("utf-8")
    line = json.dumps(entry_point(sorted(revisions, key=list(_IN_IMAGE.values()).index)))
    (folder / "Containerfile").write_text(f"{containerfile}ENTRYPOINT {line}\n", "utf-8")
    readable(folder)
    return revisions["policy"]


def entry_point(bundles: list[str]) -> list[str]:
    """Return the command line of OPA in the image: as `inbounds serve` has it.

    Args:
        bundles: The names of the bundles in the image. On the command line they are in force
            before the deployment is read, so that none of that can take their place.
    """
    line = opa_config.command(
        Path("/opa"),
        config=Path("/etc/inbounds/opa.json"),
        address="unix:///run/inbounds/opa.sock",
        bundles=[Path(f"/bundles/{name}.tar.gz") for name in bundles],
        key=Path("/etc/inbounds/release.pub"),
    )
    line += ["--diagnostic-addr", "unix:///run/inbounds/health.sock"]
    return [*line, "--set-file", "keys.deployment.key=/deployment/deployment.pub"]


def gather_demo(folder: Path) -> None:
    """Gather what the image of the demonstration gets: the wheel, what it needs, and `demo/`.

    Raises:
        NotBuilt: The wheel cannot be built, or a package cannot be had.
    """
    fresh(folder)
    (folder / "own").mkdir()
    home = folder / "root" / "opt" / "inbounds"
    machine = platform.machine()
    with tempfile.TemporaryDirectory(prefix="inbounds-wheel-") as scratch:
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch)
        wheel = next(Path(scratch).glob("inbounds-*.whl"))
        run(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"),
            *("--constraint", "constraints/latest.txt", "--target", home / "packages"),
            *("--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON),
            *("--platform", f"manylinux_2_28_{machine}", "--platform", f"manylinux2014_{machine}"),
            *(f"{wheel}[cli]", "aiosmtpd"),
        )
    # Programs are for another place and Python; tests bring keys along that look like secrets.
    for unwanted in ("bin", "*/tests"):
        for path in (home / "packages").glob(unwanted):
            shutil.rmtree(path)
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "demo", home / "demo", ignore=skipped)
    licenses = folder / "root" / "licenses"
    licenses.mkdir()
    shutil.copyfile(ROOT / "LICENSE", licenses / "LICENSE")
    readable(folder)


def local_bases(builder: str) -> Bases:
    """Make both bases from what is here: the OPA that `make` installed, and Debian's Python.

    Neither has a shell or a package manager that works.
    """
    opa, python = GATHERED / "base" / "opa", GATHERED / "base" / "python"
    fresh(opa)
    with tarfile.open(opa / "base.tar", "w") as archive:
        archive.add(binary.find(), "opa", filter=_as_program)
    archive_of_python = python / "base.tar"
    if not archive_of_python.exists():
        fresh(python)
        # A draft first: what was broken off must not be taken for whole.
        draft = python / "draft.tar"
        run(
            *("mmdebstrap", "--quiet", "--variant=extract", "--include=python3,libstdc++6"),
            *(SUITE, draft),
        )
        draft.rename(archive_of_python)
    made = Bases(opa=f"{PREFIX}-base-opa", python=f"{PREFIX}-base-python")
    for context, tag in ((opa, made.opa), (python, made.python)):
        build(builder, "docker/base.Containerfile", tag, context=context)
    return made


def build(
    builder: str,
    containerfile: str | Path,
    *tags: str,
    context: Path = ROOT,
    arguments: dict[str, str] | None = None,
    now: str = "",
) -> None:
    """Build one image.

    Args:
        builder: One of `BUILDERS`.
        containerfile: Its path in the checkout.
        tags: What the image is called.
        context: The folder that is copied from.
        arguments: What the Containerfile is told; those that are empty are left to it.
        now: What to do where it fails.

    Raises:
        NotBuilt: It failed.
    """
    line: list[str | Path] = [builder, "build"]
    if builder != "docker":
        line += ["--isolation", "chroot", "--timestamp", "0"]
    for name, value in (arguments or {}).items():
        line += ["--build-arg", f"{name}={value}"] if value else []
    for tag in tags:
        line += ["--tag", tag]
    run(*line, "--file", containerfile, context, now=now)


def fresh(folder: Path) -> None:
    """Make `folder`, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def readable(folder: Path) -> None:
    """Let everybody read what was gathered, whatever the umask: the user in the image is another.

    Nothing secret is ever here. The folder OPA listens in stays its own.
    """
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    for own in ("run", "own"):
        if (folder / own).is_dir():
            (folder / own).chmod(0o700)


def _as_program(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode, entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0o755, 0, 0, 0, "", ""
    return entry


def main(arguments: list[str] | None = None) -> int:
    """Build the images and return the exit code."""
    parser = argparse.ArgumentParser(description="Build the images of OPA and the demonstration.")
    parser.add_argument("--builder", choices=BUILDERS, default="buildah")
    parser.add_argument("--bases", choices=("named", "local"), default="named")
    parser.add_argument("--opa-base", default="", help="an image with a static OPA at /opa")
    parser.add_argument("--python-base", default="", help=f"an image with Python {PYTHON}")
    parser.add_argument("--bundles", type=Path, help="what `inbounds bundle build` has written")
    parser.add_argument("--key", type=Path, help="the public key that they are signed with")
    parser.add_argument("--only", choices=("opa", "demo"), help="build one of the two")
    options = parser.parse_args(arguments)
    if (options.bundles is None) != (options.key is None):
        parser.error("--bundles and --key go together")

    require_builder(options.builder)
    GATHERED.mkdir(parents=True, exist_ok=True)
    with (GATHERED / "lock").open("w") as lock:
        # Two builds at a time would gather their files in one folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(options)


def _build(options: argparse.Namespace) -> int:
    local = options.bases == "local"
    now = "" if local else "where no registry is reached, BASES=local needs none"
    if local:
        bases = local_bases(options.builder)
    else:
        bases = Bases(opa=options.opa_base, python=options.python_base)
    if options.bundles is None:
        bundles, key = [assets.policy_bundle(), assets.live_bundle()], assets.release_key()
    else:
        bundles, key = sorted(options.bundles.glob("*.tar.gz")), options.key
    revision = gather_opa(GATHERED / "opa", bundles=bundles, key=key)
    about = {"VERSION": __version__, "REVISION": revision}
    if options.only != "demo":
        name = f"{PREFIX}-opa"
        build(
            options.builder,
            GATHERED / "opa" / "Containerfile",
            *(f"{name}:{__version__}", name),
            arguments={"BASE": bases.opa, **about},
            now=now,
        )
    if options.only != "opa":
        gather_demo(GATHERED / "demo")
        name = f"{PREFIX}-demo"
        build(
            options.builder,
            "docker/demo.Containerfile",
            *(f"{name}:{__version__}", name),
            arguments={"BASE": bases.python, "OPA_BASE": bases.opa, **about},
            now=now,
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (InboundsError, NotBuilt, OSError) as error:
        sys.exit(f"image: {error}")
