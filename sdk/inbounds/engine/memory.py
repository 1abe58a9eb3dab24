"""An instance's memory, reached without letting go of Python's lock.

A function of C lets go of it while it runs, which wakes a thread that waits for it; for what
takes no time it wakes it in vain, several times in each evaluation. So the memory is reached
by the same functions of the same package in another way. Where a version of the package lacks
what that takes, its own methods are called.
"""

# ruff: noqa: SLF001 -- what this module saves lies in private parts of wasmtime-py

from __future__ import annotations

import ctypes
from ctypes import PYFUNCTYPE, byref, c_size_t, c_uint64, c_void_p, cast
from typing import Any, Final

import wasmtime

try:
    from wasmtime import _ffi
except ImportError:  # pragma: no cover -- no version is known to lack it
    _ffi = None  # type: ignore[assignment]


def _keeping(name: str, result: Any, *arguments: Any) -> Any:
    try:
        function = ctypes.PyDLL(_ffi.dll._name, handle=_ffi.dll._handle)[name]
    except AttributeError:  # pragma: no cover -- no version is known to lack them
        return None
    function.restype, function.argtypes = result, arguments
    return function


_data: Final = _keeping("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
_data_size: Final = _keeping("wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
_set_deadline: Final = _keeping("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
_COMPLETE: Final = None not in (_data, _data_size, _set_deadline)

_Copy = PYFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
_copy: Final = _Copy(cast(ctypes.memmove, c_void_p).value or 0)


def write(address: int, content: bytes) -> None:
    """Write bytes at an address of this process."""
    _copy(address, content, len(content))


def set_epoch_deadline(store: wasmtime.Store, ticks: int) -> None:
    """`wasmtime.Store.set_epoch_deadline`."""
    if _COMPLETE:
        _set_deadline(store._context(), ticks)
    else:  # pragma: no cover -- no version is known to come here
        store.set_epoch_deadline(ticks)


class LinearMemory:
    """Where one memory lies, and how large it is: to be asked each time, since it may grow."""

    def __init__(self, memory: wasmtime.Memory) -> None:
        self._memory = memory
        self._raw = byref(memory._memory) if _COMPLETE else None

    def base(self, store: wasmtime.Store | wasmtime.Caller) -> int:
        """The address of its first byte."""
        if self._raw is not None:
            return int(_data(store._context(), self._raw))
        return ctypes.addressof(self._memory.data_ptr(store).contents)  # pragma: no cover

    def size(self, store: wasmtime.Store | wasmtime.Caller) -> int:
        """Its size in bytes."""
        if self._raw is not None:
            return int(_data_size(store._context(), self._raw))
        return int(self._memory.data_len(store))  # pragma: no cover
