"""Calls between Python and a WASM module, made with as little as can be in between.

`wasmtime.Func` works out a function's type and converts every number anew on each call, which
for the seven numbers of `opa_eval` takes as long as a small decision. A `Crossing` calls the
same C function of the same package with room made once, a `Landing` is called as lightly from
the module; both fall back on `wasmtime.Func` where a version of the package lacks what that
takes.
"""

# ruff: noqa: SLF001 -- what this module saves lies in private parts of wasmtime-py

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, byref, c_void_p, cast, pointer
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


class Landing:
    """A function of the host that a module imports, of 32-bit integers.

    Whoever holds the store must hold this as well, for as long as the module may call.

    Args:
        store: The store of the module.
        wanted: The type the module imports it with.
        call: Takes the context that memory is reached through, valid until it returns, and the
            integers; returns an integer, or None where the type has no result. What it raises
            ends the evaluation, and is raised again by the `Crossing` that began it.
    """

    def __init__(
        self,
        store: wasmtime.Store,
        wanted: wasmtime.FuncType,
        call: Callable[[Any, list[int]], int | None],
    ) -> None:
        self._call = call
        self._pointer: Any = None
        try:
            self._entered = _ffi.wasmtime_func_callback_t(self._enter)
            made = _ffi.wasmtime_func_t()
            _ffi.wasmtime_func_new(
                store._context(), wanted.ptr(), self._entered, None, _NO_FINALIZER, byref(made)
            )
            self.function = wasmtime.Func._from_raw(made)
        except AttributeError:  # pragma: no cover -- no version is known to lack them
            self.function = wasmtime.Func(
                store,
                wanted,
                lambda caller, *arguments: call(caller, list(arguments)),
                access_caller=True,
            )

    def _context(self) -> Any:
        """What `wasmtime.Caller` has under this name."""
        if self._pointer is None:
            raise ValueError("the module is not calling")
        return self._pointer

    def _enter(
        self, _environment: Any, caller: Any, given: Any, count: int, results: Any, wanted: int
    ) -> int:
        try:
            self._pointer = _ffi.wasmtime_caller_context(caller)
            found = self._call(self, [given[place].of.i32 for place in range(count)])
            if wanted:
                results[0].kind = _ffi.WASMTIME_I32
                results[0].of.i32 = found
        except BaseException as error:  # noqa: BLE001 -- no exception may cross the module
            _func.LAST_EXCEPTION = error  # type: ignore[assignment]  # it holds any of them
            trap = wasmtime.Trap("a function of the host failed")._consume()
            return cast(trap, c_void_p).value or 0
        else:
            return 0
        finally:
            self._pointer = None


_NO_FINALIZER = CFUNCTYPE(None, c_void_p)(0)
