"""Reading a signed bundle: nothing of it is used before its signature has been verified.

1. Unpack in memory, within limits; refuse whatever is not a plain, unambiguously named file.
2. Verify the one JWT in `.signatures.json` with the pinned key, and with ES256 only. What
   the token's header says about keys is ignored.
3. Every file is listed in the token, every listed file is there, every digest is right.
4. Only then parse the manifest and the data.

The format is OPA's (https://www.openpolicyagent.org/docs/management-bundles/#signing). More
is refused than OPA refuses: weak digests, duplicate JSON keys, links, a scope.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular

from . import bundle_keys

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest bundle that is read, packed or unpacked, in bytes."""
MAX_FILES: Final = 10_000
"""The largest number of entries in a bundle."""
MAX_SIGNATURES: Final = 4 * 1024 * 1024
"""The largest `.signatures.json`, in bytes: `MAX_FILES` entries of some 300, in base64."""
MAX_VALUES: Final = 2_000_000
"""The largest number of values in one JSON file: one of `{}` takes 2 bytes, and 70 in memory."""
MAX_EXTENSION: Final = 4096
"""The largest extended header (POSIX.1-2001 pax, GNU), in bytes: some versions of `tarfile` read
one in the square of its length."""

_SIGNATURES: Final = ".signatures.json"
_MANIFEST: Final = ".manifest"
_STRUCTURED: Final = frozenset({_MANIFEST, "data.json"})
_NOT_READ: Final = frozenset({"data.yaml", "data.yml", "patch.json", "plan.json", ".manifest.pb"})
_DIGESTS: Final[Mapping[str, Callable[[], Any]]] = {
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
_HINTS: Final[Mapping[str, str]] = {
    "unreadable": "name a bundle that `inbounds bundle build -o` has written",
    "malformed": "fetch it again, or build it again with `inbounds bundle build`",
    "unsigned": "`inbounds bundle build --key release.pem` signs what it builds",
    "signature_wrong": bundle_keys.HOW_TO_NAME,
    "tampered": "do not use it: fetch it again, or build it again with `inbounds bundle build`",
}
_PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
# What Go's encoder escapes in a string, and its short forms.
_GO_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\u2028\u2029]')
_GO_SHORT: Final = {
    '"': r"\"",
    "\\": r"\\",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
}


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """A bundle whose signature and digests have been verified.

    Attributes:
        files: Content by path without a leading slash; the signatures file is left out.
        manifest: The parsed `.manifest`.
        data: The base document, put together from every `data.json`.
        modules: The WASM module of each entry point that the manifest names.
    """

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    data: Mapping[str, Any]
    modules: Mapping[str, bytes]

    @property
    def revision(self) -> str:
        """The revision the manifest names, or ""."""
        revision = self.manifest.get("revision", "")
        return revision if isinstance(revision, str) else ""

    @property
    def roots(self) -> tuple[str, ...]:
        """The paths under `data` that this bundle owns; `("",)` owns everything."""
        return tuple(str(root).strip("/") for root in self.manifest.get("roots", [""]))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What `inbounds bundle build` wrote into the manifest: sources, questions, sequence."""
        metadata = self.manifest.get("metadata", {})
        inbounds = metadata.get("inbounds", {}) if isinstance(metadata, dict) else {}
        return inbounds if isinstance(inbounds, dict) else {}

    def owns(self, root: str) -> bool:
        """Whether the bundle owns `root`, something above it or something below it."""
        path = root.strip("/").split("/") if root.strip("/") else []
        for owned in self.roots:
            other = owned.split("/") if owned else []
            shared = min(len(path), len(other))
            if path[:shared] == other[:shared]:
                return True
        return False


def read_signed(path: Path | str, key: Path | str) -> SignedBundle:
    """Read the bundle at `path` if `key` has signed it.

    Args:
        path: A `.tar.gz` made by `opa build --signing-alg ES256` or `inbounds bundle build`.
        key: The PEM of the pinned P-256 public key, or the path of a file that holds it.

    Raises:
        ConfigurationError: Unreadable (`bundle.unreadable`), malformed (`bundle.malformed`),
            without a signature (`bundle.unsigned`), signed by another key
            (`bundle.signature_wrong`), or altered since it was signed (`bundle.tampered`).
    """
    public_key = bundle_keys.public_key(key)
    try:
        return _read(Path(path), public_key, of_another_key=bundle_keys.of_another_key(key))
    except RecursionError as error:  # headers after headers, or brackets in brackets
        _refuse("malformed", "the bundle holds something nested too deep", error)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a bundle, whoever has signed it: only to tell what kind of file it is.

    Raises:
        ConfigurationError: `bundle.unreadable` or `bundle.malformed`.
    """
    try:
        return _document(_MANIFEST, _unpack(path).get(_MANIFEST, b"{}"))
    except RecursionError as error:
        _refuse("malformed", "the bundle holds something nested too deep", error)


def _read(path: Path, public_key: EllipticCurvePublicKey, *, of_another_key: str) -> SignedBundle:
    files = _unpack(path)
    signatures = files.pop(_SIGNATURES, None)
    if signatures is None:
        _refuse("unsigned", "the bundle has no `.signatures.json`")
    if len(signatures) > MAX_SIGNATURES:
        _refuse("malformed", f"`{_SIGNATURES}` is larger than {MAX_SIGNATURES} bytes")
    _compare(files, _listed(signatures, public_key, of_another_key=of_another_key))

    manifest = _document(_MANIFEST, files.get(_MANIFEST, b"{}"))
    return SignedBundle(
        files=files, manifest=manifest, data=_data(files), modules=_modules(files, manifest)
    )


def _refuse(code: str, message: str, cause: BaseException | None = None) -> NoReturn:
    raise ConfigurationError(message, code=f"bundle.{code}", hint=_HINTS[code]) from cause


# --- 1. unpack -----------------------------------------------------------------------------


def _unpack(path: Path) -> dict[str, bytes]:
    try:
        packed = _limited(read_regular(path, most=MAX_BYTES + 1)[0])
    except OSError as error:
        _refuse("unreadable", f"the bundle {path} cannot be read: {error.strerror}", error)

    files: dict[str, bytes] = {}
    try:
        with gzip.open(io.BytesIO(packed)) as stream:
            unpacked = _limited(stream.read(MAX_BYTES + 1))
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:", tarinfo=_Member) as archive:
            for count, member in enumerate(archive):
                if count >= MAX_FILES:
                    _refuse("malformed", f"the bundle has more than {MAX_FILES} entries")
                if member.isdir():
                    continue
                name = _plain_name(member)
                if name in files:
                    _refuse("malformed", "the bundle holds one path twice")
                content = archive.extractfile(member)
                files[name] = content.read() if content is not None else b""
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as error:
        _refuse("malformed", "the bundle cannot be read as a gzipped tar archive", error)
    return files


class _Member(tarfile.TarInfo):
    """An entry whose header is looked at before anything that it announces is read."""

    @classmethod
    def frombuf(cls, *header: Any) -> Self:
        found = super().frombuf(*header)
        if found.size < 0 or (found.type not in _PLAIN and found.size > MAX_EXTENSION):
            _refuse(
                "malformed",
                f"the bundle has a header of more than {MAX_EXTENSION} bytes, or of fewer than 0",
            )
        return found


def _limited(content: bytes) -> bytes:
    """The content, of which a bomb would make far more than its packed form is."""
    if len(content) > MAX_BYTES:
        _refuse("malformed", f"the bundle is larger than {MAX_BYTES} bytes")
    return content


def _plain_name(member: tarfile.TarInfo) -> str:
    if member.type not in _PLAIN or member.issparse():
        _refuse("malformed", "the bundle holds something that is not a plain file")
    name = member.name.removeprefix("./").removeprefix("/")
    segments = name.split("/")
    if "\\" in name or "\0" in name or any(s in ("", ".", "..") for s in segments):
        _refuse("malformed", "the bundle holds a path that leads elsewhere")
    name.encode("utf-8")  # a name that is not UTF-8 raises here
    if segments[-1] in _NOT_READ or (segments[-1] in (_SIGNATURES, _MANIFEST) and segments[1:]):
        _refuse("malformed", f"the bundle holds a `{segments[-1]}` that is not supported there")
    return name


# --- 2. and 3. signature and digests -------------------------------------------------------


def _listed(
    signatures: bytes, public_key: EllipticCurvePublicKey, *, of_another_key: str
) -> list[Any]:
    document = _document(_SIGNATURES, signatures)
    tokens = document.get("signatures")
    plugin = document.get("plugin", "")
    if plugin not in ("", "_default") or not isinstance(tokens, list) or len(tokens) != 1:
        _refuse("unsigned", "the bundle must carry exactly one signature, made by OPA's own signer")
    try:
        token = jwt.PyJWS(algorithms=["ES256"]).decode_complete(tokens[0], public_key, ["ES256"])
    except (jwt.PyJWTError, TypeError, AttributeError) as error:
        _refuse("signature_wrong", of_another_key, error)
    if not token["header"].keys() <= {"alg", "typ", "kid"}:
        _refuse("signature_wrong", "the signature's header says what is not understood")
    claims = _document("signature", token["payload"])
    if claims.get("scope"):
        _refuse("signature_wrong", "the bundle was signed for another scope")
    files = claims.get("files")
    if not isinstance(files, list):
        _refuse("signature_wrong", "the signature lists no files")
    return files


def _compare(files: Mapping[str, bytes], listed: list[Any]) -> None:
    left = dict(files)
    for entry in listed:
        match entry:
            case {"name": str(name), "hash": str(wanted), "algorithm": str(algorithm)}:
                content = left.pop(name, None)
            case _:
                _refuse("signature_wrong", "the signature lists something that is not a file")
        if content is None:
            _refuse("tampered", f"`{name}` is signed, but missing or listed twice")
        if algorithm not in _DIGESTS:
            _refuse("signature_wrong", f"`{name}` is signed with a digest that is not accepted")
        if _digest(name, content, algorithm) != wanted.lower():
            _refuse("tampered", f"`{name}` was altered after the bundle was signed")
    if left:
        _refuse("tampered", f"`{min(left)}` is in the bundle, but not signed")


def _digest(name: str, content: bytes, algorithm: str) -> str:
    """The digest as OPA takes it: of the bytes, or of a canonical walk of a JSON document."""
    digest = _DIGESTS[algorithm]()
    if name.rsplit("/", 1)[-1] in _STRUCTURED:
        for chunk in _walk(_parse(name, content, number=_Literal)):
            digest.update(chunk.encode("utf-8"))
    else:
        digest.update(content)
    return str(digest.hexdigest())


class _Literal(str):
    """A number as it was written: OPA's digest is over the literal, not over the value."""

    __slots__ = ()


def _walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for index, key in enumerate(sorted(value)):
            yield "," if index else ""
            yield f"{_go_string(key)}:"
            yield from _walk(value[key])
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, item in enumerate(value):
            yield "," if index else ""
            yield from _walk(item)
        yield "]"
    elif isinstance(value, _Literal):
        yield value
    elif isinstance(value, str):
        yield _go_string(value)
    else:
        yield {True: "true", False: "false", None: "null"}[value]


def _go_string(text: str) -> str:
    escaped = _GO_ESCAPED.sub(lambda m: _GO_SHORT.get(m[0]) or rf"\u{ord(m[0]):04x}", text)
    return f'"{escaped}"'


# --- 4. parse ------------------------------------------------------------------------------


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return members


def _parse(name: str, content: bytes, *, number: Callable[[str], Any] | None = None) -> Any:
    def refused(_: str) -> NoReturn:
        raise ValueError("not a number of JSON")

    # Digests are of parsed JSON: this runs before a file is known to be what was signed. A value
    # begins with a bracket or follows a comma, so there are not more values than of these.
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES:
        _refuse("malformed", f"`{name}` holds more than {MAX_VALUES} values")
    try:
        text = content.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=refused,
            parse_float=number,
            parse_int=number,
        )
        if "\\u" in text:  # a lone surrogate has no UTF-8, so no digest and no place in a policy
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        _refuse("malformed", f"`{name}` is not a JSON document that two readers agree on", error)
    return value


def _document(name: str, content: bytes) -> dict[str, Any]:
    value = _parse(name, content)
    if not isinstance(value, dict):
        _refuse("malformed", f"`{name}` is not a JSON object")
    return value


def _data(files: Mapping[str, bytes]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    # The shortest path first, so that a file below another is put inside what that one holds.
    for name in sorted(files, key=lambda n: (n.count("/"), n)):
        *folders, base = name.split("/")
        if base != "data.json":
            continue
        value = _parse(name, files[name])
        for folder in reversed(folders):
            value = {folder: value}
        if not isinstance(value, dict):
            _refuse("malformed", f"`{name}` is not a JSON object")
        _merge(data, value, name)
    return data


def _merge(into: dict[str, Any], other: Mapping[str, Any], name: str) -> None:
    for key, value in other.items():
        if key not in into:
            into[key] = value
        elif isinstance(into[key], dict) and isinstance(value, dict):
            _merge(into[key], value, name)
        else:
            _refuse("malformed", f"`{name}` gives a value that another file gave already")


def _modules(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> dict[str, bytes]:
    modules: dict[str, bytes] = {}
    for resolver in manifest.get("wasm", []):
        match resolver:
            case {"entrypoint": str(entrypoint), "module": str(module)}:
                content = files.get(module.removeprefix("/"))
            case _:
                _refuse("malformed", "the manifest names a module in a form that is not known")
        if content is None:
            _refuse("malformed", "the manifest names a module that the bundle does not hold")
        modules[entrypoint] = content
    return modules
