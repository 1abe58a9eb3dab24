"""Machine code kept between processes: compiling the module is most of a cold start.

The bundle's signature does not cover what a compiler made of it, and machine code that is
believed runs with all the rights of this process. So what lies in the folder is believed only
where its HMAC shows that a holder of its key has written it, for this very module. Anything else
in it is compiled anew and replaced, and it may be deleted. No machine code is read from a state
folder that was found below the working directory: it may have come with an archive, key and all.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import hmac
import os
import secrets
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import wasmtime

from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file

_MAX_BYTES: Final = 64 * 1024 * 1024
_KEPT: Final = 4
_MAC_BYTES: Final = 32
_ENDING: Final = ".cwasm"


class CompiledModules:
    """A folder of compiled modules.

    Args:
        folder: Made where it is missing, for this user alone.
        key: A secret of the deployment, for nothing but this.
    """

    def __init__(self, folder: Path, *, key: bytes) -> None:
        self._folder = folder
        self._key = key

    @classmethod
    def of(cls, home: str | Path, key: bytes) -> CompiledModules | None:
        """Return the folder in an absolute home, else the user's own if only they can write to it.

        Args:
            home: As the configuration names it; empty where it does not.
            key: The secret of that home. The user's own folder holds another.
        """
        if Path(home).is_absolute():
            return cls(Path(home) / "compiled", key=key)
        from platformdirs import user_cache_path

        folder = user_cache_path("inbounds", appauthor=False) / "compiled"
        if folder.is_absolute():  # without a home, it may be below the working directory
            with contextlib.suppress(OSError):
                return cls(folder, key=_own_key(folder))
        return None

    def module(self, engine: wasmtime.Engine, code: bytes) -> wasmtime.Module:
        """The compiled form of `code`, taken from the folder or put into it.

        Raises:
            wasmtime.WasmtimeError: `code` is not WebAssembly.
        """
        name = hashlib.sha256(code).hexdigest()
        kept = self._read(name)
        if kept is not None:
            # Made by another version, or for another machine: that is found out here.
            with contextlib.suppress(wasmtime.WasmtimeError):
                return wasmtime.Module.deserialize(engine, kept)
        compiled = _compiled(engine, code)
        self._write(name, compiled)
        return wasmtime.Module.deserialize(engine, compiled)

    def _mac(self, name: str, content: bytes) -> bytes:
        return hmac.digest(self._key, name.encode("ascii") + content, "sha256")

    def _read(self, name: str) -> bytes | None:
        try:
            found, _ = read_regular(self._folder / (name + _ENDING), most=_MAX_BYTES)
        except OSError:
            return None
        mac, content = found[:_MAC_BYTES], found[_MAC_BYTES:]
        return content if hmac.compare_digest(mac, self._mac(name, content)) else None

    def _write(self, name: str, content: bytes) -> None:
        # A folder that cannot be written costs the next process its time, and nothing else.
        with contextlib.suppress(OSError):
            make_folder(self._folder, mode=0o700)
            path = self._folder / (name + _ENDING)
            write_file(path, self._mac(name, content) + content, mode=0o600, durable=False)
            self._forget()

    def _forget(self) -> None:
        """Leave the modules written last; a reload or an upgrade makes others useless."""
        kept = sorted(self._folder.glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime)
        if len(kept) <= _KEPT:
            return
        from inbounds.files.trees import remove_file

        for path in kept[:-_KEPT]:
            remove_file(path)


def _own_key(folder: Path) -> bytes:
    """Return the key in a folder of this user's; both are made where they are missing."""
    make_folder(folder, mode=0o700)
    real = folder.resolve()
    if hasattr(os, "geteuid"):
        for place in {folder, *folder.parents, real, *real.parents}:
            status = place.lstat()
            mode = 0 if place.is_symlink() else status.st_mode
            others = 0o022 if place == real else 0 if mode & 0o1000 else 0o002  # sticky
            owners = (os.geteuid(), os.geteuid() if place == real else 0)
            if mode & others or status.st_uid not in owners:
                raise PermissionError
    path = folder / "compiled.key"
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process was first
            write_file(path, secrets.token_bytes(_MAC_BYTES), mode=0o600, exclusive=True)
    return read_regular(path, most=_MAC_BYTES)[0]


_here: dict[str, bytes] = {}
"""What this process has compiled, by the digest of the module, the last ones only, deflated."""


def compiled_once(engine: wasmtime.Engine, code: bytes) -> wasmtime.Module:
    """The compiled form of `code`, made once in this process for all engines of it.

    It never leaves the memory of the process, so there is nobody to be believed.

    Raises:
        wasmtime.WasmtimeError: `code` is not WebAssembly.
    """
    name = hashlib.sha256(code).hexdigest()
    kept = _here.get(name)
    if kept is not None:
        # An engine of another configuration compiles for itself.
        with contextlib.suppress(wasmtime.WasmtimeError):
            return wasmtime.Module.deserialize(engine, zlib.decompress(kept))
    compiled = _compiled(engine, code)
    _here[name] = zlib.compress(compiled, 1)
    for oldest in list(_here)[:-_KEPT]:
        _here.pop(oldest, None)
    return wasmtime.Module.deserialize(engine, compiled)


def _compiled(engine: wasmtime.Engine, code: bytes) -> bytes:
    """Compile, and leave nothing of it but the machine code.

    What the compiler gives back stays with the process, unless the C library is told that
    there is no further use for it: a fifth of all the memory of a process that decides.
    """
    compiled = bytes(wasmtime.Module(engine, code).serialize())
    if _trim is not None:
        _trim(0)
    return compiled


def _found_trim() -> Callable[[int], int] | None:
    """`malloc_trim` of glibc; other libraries have none, or need none."""
    if sys.platform != "linux":
        return None
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return trim


_trim: Final = _found_trim()
