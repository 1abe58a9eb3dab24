"""Calls from Python into a WASM module, made with as little as can be in between.

`wasmtime.Func` works out a function's type and converts every number anew on each call, which
for the seven numbers of `opa_eval` takes as long as a small decision. A `Crossing` calls the
same C function of the same package with room made once, and falls back on `wasmtime.Func`
where a version of the package lacks what that takes.
"""

# ruff: noqa: SLF001 -- what this module saves lies in private parts of wasmtime-py

from __future__ import annotations

from ctypes import byref, pointer
from typing import Any

import wasmtime

try:
    from wasmtime import _ffi, _func
except ImportError:  # pragma: no cover -- no version is known to lack them
    _ffi = _func = None  # type: ignore[assignment]


class Crossing:
    """An exported function of 32-bit integers that gives one back, or nothing (then 0).

    Not for two threads at once, and it may not call itself.
    """

    __slots__ = ("_arguments", "_function", "_lean", "_results", "_slots", "_trap")

    def __init__(self, function: wasmtime.Func, store: wasmtime.Store) -> None:
        self._function = function
        try:
            self._arguments = self._room(len(function.type(store).params))
            self._results = self._room(len(function.type(store).results))
            self._slots = [value.of for value in self._arguments]
            self._trap = pointer(_ffi.wasm_trap_t())
            self._lean = callable(_ffi.wasmtime_func_call) and callable(_func.maybe_raise_last_exn)
            byref(function._func)
        except AttributeError:  # pragma: no cover -- no version is known to lack them
            self._lean = False

    @staticmethod
    def _room(size: int) -> Any:
        values = (_ffi.wasmtime_val_t * size)()
        for value in values:
            value.kind = _ffi.WASMTIME_I32
        return values

    def __call__(self, store: wasmtime.Store | wasmtime.Caller, *arguments: int) -> int:
        """Call it.

        Raises:
            wasmtime.Trap: The module trapped or was interrupted.
            wasmtime.WasmtimeError: It could not be called.
            Exception: What a function of the host raised.
        """
        if not self._lean:
            return self._function(store, *arguments) or 0
        for slot, number in zip(self._slots, arguments, strict=True):
            slot.i32 = number
        self._trap = type(self._trap)()
        error = _ffi.wasmtime_func_call(
            store._context(),
            byref(self._function._func),
            self._arguments,
            len(self._arguments),
            self._results,
            len(self._results),
            byref(self._trap),
        )
        if error or self._trap:
            self._raise(error)
        return self._results[0].of.i32 if self._results else 0

    def _raise(self, error: Any) -> None:
        raised = (
            wasmtime.WasmtimeError._from_ptr(error)
            if error
            else wasmtime.Trap._from_ptr(self._trap)
        )
        _func.maybe_raise_last_exn()  # what a function of the host raised comes first
        raise raised
