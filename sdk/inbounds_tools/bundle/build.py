"""Building the signed bundles of one revision.

OPA itself gets the sources, which it compiles when it loads them, and the embedded engine gets
the WASM module that `opa build` makes of them. Of the policy as it is shipped, without rules of a
site, that is the module which the package ships. Both name the digest of those sources, and
everything is packed so that the same sources give the same bytes (but for the signature: ECDSA
draws a random number each time).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from inbounds.engine import assets
from inbounds.engine.bundle import read_manifest, read_signed
from inbounds.errors import ConfigurationError
from inbounds.files.safe_files import write_file
from inbounds.files.trees import remove_file, scratch_folder
from inbounds.identity.entrypoints import BEGINNING, HOPS, RENEWAL, SHOWN, SIGNED_IN
from inbounds.live.head import empty_lists
from inbounds.pdp import ACCEPTANCE, DECISION, DELEGATION, EVALUATION, ISSUANCE, REGISTRY

from . import archive, compiler, provenance, sources

if TYPE_CHECKING:
    from inbounds.model.deployment import Live


class _Compiling(TypedDict):
    """What every call of the compiler is told."""

    opa: Path
    capabilities: Path
    known_as: Mapping[str, Path]


Artefact = Literal["rego", "wasm", "site", "deployment", "live"]

_FILES: Mapping[Artefact, str] = {
    "rego": "policy-{}.tar.gz",
    "wasm": "policy-{}.wasm.tar.gz",
    "site": "site-{}.tar.gz",
    "deployment": "deployment-{}.tar.gz",
    "live": "live-{}.tar.gz",
}
ENTRYPOINTS = (
    DECISION,
    EVALUATION,
    REGISTRY,
    ISSUANCE,
    DELEGATION,
    ACCEPTANCE,
    BEGINNING,
    RENEWAL,
    HOPS,
    SHOWN,
    SIGNED_IN,
)
"""What a policy can be asked."""
_SHOWN = 10
_POLICY_ROOTS = ("inbounds", "system/authz", "system/log")


@dataclass(frozen=True, slots=True)
class Built:
    """What a build has written.

    Attributes:
        revision: The revision of the rules.
        sequence: Its place in time, in Unix seconds.
        sources: The digest of the sources that both policy artefacts come from.
        files: The bundles by what they hold.
    """

    revision: str
    sequence: int
    sources: str
    files: Mapping[Artefact, Path]


def build(
    *,
    rego: Path,
    site: Path | None,
    deployment: Path | None,
    key: Path,
    out: Path,
    opa: Path,
    capabilities: Path,
    baseline: Live | None = None,
    only: Literal["wasm"] | None = None,
    checked: bool = False,
) -> Built:
    """Build and sign all bundles of one revision.

    `out` holds one revision: bundles that an earlier build has left there are removed once
    the others are written. A file that is not such a bundle stays, whatever its name.

    Args:
        rego: The project's sources; the schemas lie beside it, in `schemas/`.
        site: The folder of the operator's own rules, or None.
        deployment: The folder of the deployment's YAML, or None.
        key: The PEM of a P-256 private key.
        out: The folder to write to; made if missing.
        opa: The OPA binary.
        capabilities: The built-ins that both engines have.
        baseline: What is ended, revoked or stopped from the start; nothing when None.
        only: The one bundle to build, `wasm`; all of them when None.
        checked: Whether `compiler.refuse_errors` has passed the same sources.

    Raises:
        ConfigurationError: A rule does not compile or lacks METADATA, the deployment is not
            valid, or the key does not sign. Nothing has been written.
    """
    data = None if deployment is None else _deployment(deployment)
    with scratch_folder("stage") as scratch:
        folder = Path(scratch) / "bundle"
        roots = (*_POLICY_ROOTS, "site") if site is not None else _POLICY_ROOTS
        sources.stage(folder, rego=rego, site=site, manifest={"roots": list(roots)}, opa=opa)
        folders = [each for each in (deployment, site, rego) if each is not None]
        histories = [provenance.of(each, base=each == rego) for each in folders]
        sequence = provenance.sequence(histories)
        described = next((h.described for h in histories if h.described != "0"), "0")
        compiling: _Compiling = {
            "opa": opa,
            "capabilities": capabilities,
            "known_as": {"site": site} if site is not None else {},
        }

        def refuse_errors() -> None:
            with sources.schemas_for_site(folder) as said:
                schemas = rego.parent / "schemas"
                compiler.refuse_errors(folder, schemas=schemas, said_at=said, **compiling)

        if site is not None and not checked:
            # First, since the compiler says best what is wrong with a source.
            refuse_errors()
        catalogue = sources.site_catalogue(site, rego=rego, opa=opa)
        stated: dict[str, Any] = {"questions": list(sources.QUESTIONS), "site": catalogue}
        sources.state(folder, stated)
        digest = sources.digest(folder)
        revision = f"{described}-{digest[:12]}"
        # What the package ships was checked and compiled when it was made.
        module = None if site is not None else _shipped(rego, capabilities, digest)
        if module is None:
            if site is None and not checked:
                refuse_errors()
            sources.state(folder, {"revision": revision, **stated})
            options = ["--target", "wasm", *_entrypoints()]
            module = archive.unpack(compiler.build(folder, options=options, **compiling))
        rules = sources.modules(folder)

    def manifest(artefact: Artefact, *roots: str, **more: Any) -> bytes:
        about = {
            "artefact": artefact,
            "questions": list(sources.QUESTIONS),
            "sequence": sequence,
            "sources": f"sha256:{digest}",
        }
        whole = {"revision": revision, "roots": sorted(roots), "rego_version": 1, **more}
        return archive.as_json({**whole, "metadata": {"inbounds": about}})

    # What OPA read of every `data.json` and `data.yaml`, so that both engines have the same.
    documents = json.loads(module["data.json"])
    documents["inbounds"]["build"] = {"revision": revision, **stated}
    site_rules = {path: rules.pop(path) for path in list(rules) if path.startswith("site/")}
    embedded = {"inbounds": documents["inbounds"], "site": documents.get("site", {})}
    if data is not None:
        embedded["deployment"] = data
    modules = {"wasm": json.loads(module[".manifest"])["wasm"]}
    live = empty_lists()
    for kind, entries in (baseline.model_dump(mode="json") if baseline is not None else {}).items():
        live[kind] = {**entries, **live[kind]}

    bundles: dict[Artefact, archive.Files] = {
        "rego": {
            **rules,
            "data.json": archive.as_json({"inbounds": documents["inbounds"]}),
            ".manifest": manifest("rego", *_POLICY_ROOTS),
        },
        "wasm": {
            "policy.wasm": module["policy.wasm"],
            "data.json": archive.as_json(embedded),
            ".manifest": manifest("wasm", *embedded, **modules),
        },
        "live": {
            "data.json": archive.as_json({"live": {"baseline": live}}),
            ".manifest": manifest("live", "live/baseline"),
        },
    }
    if site is not None:
        bundles["site"] = {
            **site_rules,
            "data.json": archive.as_json({"site": documents.get("site", {})}),
            ".manifest": manifest("site", "site"),
        }
    if data is not None:
        bundles["deployment"] = {
            "data.json": archive.as_json({"deployment": data}),
            ".manifest": manifest("deployment", "deployment", revision=data["revision"]),
        }

    packed = {
        artefact: archive.pack(archive.signed(files, key=key, opa=opa))
        for artefact, files in bundles.items()
        if only in (None, artefact)
    }
    return Built(revision, sequence, f"sha256:{digest}", _written(packed, out, revision))


def artefacts(folder: Path) -> Iterator[Path]:
    """Yield the bundles in a folder that `build` writes to, by name."""
    names = {name.format("*") for name in _FILES.values()}
    yield from sorted({path for name in names for path in folder.glob(name)})


def _written(packed: Mapping[Artefact, bytes], out: Path, revision: str) -> dict[Artefact, Path]:
    written = {artefact: out / _FILES[artefact].format(revision) for artefact in packed}
    for artefact, path in written.items():
        write_file(path, packed[artefact], below=out)
    for path in artefacts(out):
        if path not in written.values() and _is_built(path):
            remove_file(path, below=out)
    return written


def _is_built(path: Path) -> bool:
    """Whether a file is a bundle that `build` has written, whoever has signed it."""
    try:
        return read_manifest(path)["metadata"]["inbounds"]["artefact"] in _FILES
    except (ConfigurationError, LookupError, TypeError):
        return False


def _shipped(rego: Path, capabilities: Path, digest: str) -> Mapping[str, bytes] | None:
    """Return the module that the package ships, where it was made of these very sources."""
    try:
        if (rego, capabilities) != (assets.rego(), assets.capabilities()):
            return None
        shipped = read_signed(assets.wasm_bundle(), assets.release_key())
    except ConfigurationError:
        # They are being made, or are not whole: then everything is compiled.
        return None
    return shipped.files if shipped.metadata["sources"] == f"sha256:{digest}" else None


def _deployment(folder: Path) -> dict[str, Any]:
    from inbounds.dev.deployment import document, load
    from inbounds_tools.closure import chains_beyond_reading

    deployment = load(folder)
    chains = [*chains_beyond_reading(deployment)]
    if chains:
        more = [f"and {len(chains) - _SHOWN} more"] if len(chains) > _SHOWN else []
        raise ConfigurationError(
            "an agent that is `read_only` must only read, through everything it sets in motion:\n  "
            + "\n  ".join([*map(str, chains[:_SHOWN]), *more]),
            code="deployment.not_read_only",
            hint="take out what has the effect, or `read_only` in agents.yaml",
        )
    return document(deployment)


def _entrypoints() -> list[str]:
    return [f"--entrypoint={name}" for name in ENTRYPOINTS]
