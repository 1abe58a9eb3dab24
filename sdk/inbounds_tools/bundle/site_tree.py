"""What may lie in the folder of a site, and which packages: nothing of anybody else's.

A source that lies elsewhere would be compiled and never walked, so that what it forbids is
allowed; one in a package of the project would rule out a fault of the project's, or grant.
Both are refused by one requirement: every source is in the package of its own folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from inbounds.errors import ConfigurationError
from inbounds.files.listing import MAX_DEPTH
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import write_file
from inbounds.files.trees import copy_tree, scratch_folder
from inbounds_tools import rego_module
from inbounds_tools.catalogue import KINDS
from inbounds_tools.opa import command

from . import provenance, site_builtins

DATA = ("data.json", "data.yaml", "data.yml")
"""The names under which OPA takes a file of a bundle as data."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEST = "_test"
_LIB, _CASES = "lib", "cases"
_WALKED = frozenset({"ruled_out", "details", "oblige"})
_PLACES = (
    "a site holds {rules,escalations,obligations}/<category>/<fault>/*.rego, lib/**/*.rego, "
    "data.json or data.yaml beside them or at the top, and cases/**/*.yaml"
)


def files(site: Path, *, opa: Path) -> list[Path]:
    """Return the files of a site that belong into a bundle: no tests, no cases.

    Args:
        site: The folder of the operator's own rules.
        opa: The OPA binary, which reads the packages.

    Raises:
        ConfigurationError: A file lies where nothing would apply it, is a link, is in
            another package than its folder's, names schemas, or calls what is not the same in
            both engines; the message names it.
    """
    found = []
    for path in files_and_tests(site):
        if path.suffix == ".rego":
            _refuse_module(path, path.parent.relative_to(site).parts, opa=opa)
        if not _is_test(path):
            found.append(path)
    return found


def files_and_tests(site: Path) -> Iterator[Path]:
    """Yield the sources, tests and data of a site; `files` checks what the sources say.

    Raises:
        ConfigurationError: A file lies where nothing would apply it, or is a link.
    """
    for path in _walked(site):
        inner = path.relative_to(site)
        hidden = path.name.startswith(".")
        if (path.suffix == ".rego" and not hidden and _holds_sources(inner.parent.parts)) or (
            path.name in DATA and (inner.parent == Path() or _holds_sources(inner.parent.parts))
        ):
            yield path
        elif not _beside_the_policy(inner):
            raise ConfigurationError(
                f"{path}: nothing would apply it; {_PLACES}",
                code="bundle.site_misplaced",
                hint="move it to its place, in lower case, or out of the site",
            )


def refuse_other_roots(staged: Path, *, opa: Path) -> None:
    """Have OPA itself confirm that a laid out site defines nothing outside `data.site`.

    Args:
        staged: The folder that stands at `site/` of the bundle.
        opa: The OPA binary.

    Raises:
        ConfigurationError: It does.
    """
    with scratch_folder("site") as scratch:
        alone = Path(scratch)
        copy_tree(staged, alone / "site")
        write_file(alone / ".manifest", json.dumps({"roots": ["site"]}), durable=False)
        done = command.run(opa, "inspect", "--format", "json", str(alone))
        said = (done.stderr.strip() or done.stdout.strip()).replace(f"{alone}/", "")
    if done.returncode:
        raise _outside(said)
    for namespace in json.loads(done.stdout).get("namespaces", {}):
        if namespace != "data.site" and not namespace.startswith(("data.site.", "data.site[")):
            raise _outside(f"it defines {namespace}")


def _outside(said: str) -> ConfigurationError:
    return ConfigurationError(
        f"the site does not stand below `data.site` alone: {said}",
        code="bundle.site_package",
        hint="a site defines what is its own: its packages and its data begin with `site`",
    )


def _walked(site: Path) -> Iterator[Path]:
    """Every file that is not of an editor or of git; links are refused."""
    for top, folders, names in os.walk(site, onerror=_unreadable):
        place = Path(top)
        if len(place.relative_to(site).parts) > MAX_DEPTH:
            raise ConfigurationError(
                f"{site} holds what lies more than {MAX_DEPTH} folders deep",
                code="bundle.site_unreadable",
                hint="remove it",
            )
        if ".git" in folders:
            folders.remove(".git")
        folders.sort()
        for name in sorted((*folders, *names)):
            path = place / name
            if path.is_symlink():
                raise ConfigurationError(
                    f"{path}: is a link, and a bundle follows none",
                    code="bundle.site_link",
                    hint="replace it by the file or folder that it points to",
                )
            if name in folders:
                continue
            if not path.is_file():
                raise ConfigurationError(
                    f"{path}: is not a regular file",
                    code="bundle.site_misplaced",
                    hint="remove it",
                )
            hidden = any(part.startswith(".") for part in path.relative_to(site).parts)
            if not hidden or path.suffix.lower() == ".rego" or name.lower() in DATA:
                yield path


def _unreadable(error: OSError) -> None:
    raise ConfigurationError(
        f"{error.filename} cannot be read: {error.strerror}",
        code="bundle.site_unreadable",
        hint="give the user who builds read access to the whole folder",
    ) from error


def _holds_sources(folder: tuple[str, ...]) -> bool:
    if not folder or not all(_NAME.fullmatch(part) for part in folder):
        return False
    if folder[0] == _LIB:
        return True
    # `<fault>_test` is the package of the tests of `<fault>`.
    return folder[0] in KINDS and len(folder) == 3 and not folder[-1].endswith(_TEST)


def _beside_the_policy(inner: Path) -> bool:
    if inner.parts[0] == _CASES:
        return inner.suffix == ".yaml" and not any(part.startswith(".") for part in inner.parts)
    return inner.name == "README.md" or inner == Path(provenance.FILE)


def _is_test(path: Path) -> bool:
    return path.suffix == ".rego" and path.stem.endswith(_TEST)


def _refuse_module(path: Path, folder: tuple[str, ...], *, opa: Path) -> None:
    module = rego_module.read(path, opa=opa)
    # OPA's compiler opens any file, pipe or device that a schema refers to, whoever wrote it.
    if module.schema_lines:
        raise ConfigurationError(
            f"{path}:{module.schema_lines[0]}: METADATA of a site must not state `schemas`: "
            "remove it",
            code="bundle.site_schemas",
            hint="the compiler checks a site against the schemas of the question without it",
        )
    own = ("site", *folder)
    test = _is_test(path)
    if not test:
        _refuse_code(path, module)
    if test and module.path == (*own[:-1], own[-1] + _TEST):
        return
    if module.path != own:
        raise ConfigurationError(
            f"{path}: is in `package {_written(module.path)}`, "
            f"and what lies there is in `package {'.'.join(own)}{_TEST if test else ''}`",
            code="bundle.site_package",
            hint="name the package after the folder, or move the file to the folder of its package",
        )
    decides = sorted(_WALKED & module.rules)
    if test and decides:
        raise ConfigurationError(
            f"{path}: defines `{decides[0]}` in a test, and no bundle holds tests",
            code="bundle.site_misplaced",
            hint="give the file another name than `…_test.rego`",
        )


def _refuse_code(path: Path, module: rego_module.Module) -> None:
    """Refuse what the two engines, or people and OPA, read differently."""
    lines = read_regular(path)[0].split(b"\n")
    # In an editor a comment ends with the line that a CR ends; OPA's goes on.
    hidden = next((row for row, line in enumerate(lines, 1) if b"\r" in line[:-1]), None)
    if hidden is not None:
        raise ConfigurationError(
            f"{path}:{hidden}: holds a CR within a line: end lines with LF, or CR and LF",
            code="bundle.site_line_ends",
            hint="OPA ends a comment at LF alone, so that what follows a CR would be one as well",
        )
    for call in module.calls():
        if limit := site_builtins.refused(call.name, call.arguments):
            raise ConfigurationError(
                f"{path}:{call.line}: `{call.name}` is not the same in both engines "
                f"({limit.why}): {limit.instead}",
                code="bundle.site_builtin",
                hint="docs/policy-authors.md lists what a site must not call",
            )


def _written(path: tuple[str, ...]) -> str:
    head, *rest = path
    return head + "".join(
        f".{part}" if re.fullmatch(r"\w+", part) else f"[{json.dumps(part)}]" for part in rest
    )
