"""Calls between Python and a WASM module, made with as little as can be in between.

`wasmtime.Func` works out a function's type and converts every number anew on each call, which
for the seven numbers of `opa_eval` takes as long as a small decision. A `GuestFunction` calls the
same C function of the same package with room made once, a `HostFunction` is called as lightly from
the module; both fall back on `wasmtime.Func` where a version of the package lacks what that
takes.
"""

# ruff: noqa: SLF001 -- what this module saves lies in private parts of wasmtime-py

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, PYFUNCTYPE, byref, c_size_t, c_void_p, cast, pointer
from typing import Any

import wasmtime

try:
    from wasmtime import _ffi, _func
except ImportError:  # pragma: no cover -- no version is known to lack them
    _ffi = _func = None  # type: ignore[assignment]


class GuestFunction:
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


class HostFunction:
    """A function of the host that a module imports, of 32-bit integers.

    Its last result is 1 where `call` has returned. A module that finds another number there has
    to stop: nothing else tells it. An exception can come before the first line of a Python
    function, from a signal or another thread, and ctypes, which calls it, then drops the
    exception and returns whatever lies there. As a trap that would be an address to free, so no
    trap is ever returned, and as a value the results stay 0.

    Whoever holds the store must hold this as well, for as long as the module may call.

    Args:
        store: The store of the module.
        wanted: The type the module imports it with: one result more than `call` has.
        call: Takes the context that memory is reached through, valid until it returns, and the
            integers; returns an integer, or None where the type has one result. What it raises
            is raised again by the `GuestFunction` that began it, once the module has stopped.
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
            # Nothing of Python's runs between the two, so the outer one always returns: None,
            # which is not a trap.
            self._inner = _Inner(self._enter)
            self._inner.argtypes = _ADDRESSES
            self._outer = _Outer(self._inner)
            made = _ffi.wasmtime_func_t()
            _ffi.wasmtime_func_new(
                store._context(),
                wanted.ptr(),
                cast(self._outer, _ffi.wasmtime_func_callback_t),
                None,
                _NO_FINALIZER,
                byref(made),
            )
            self.function = wasmtime.Func._from_raw(made)
        except AttributeError:  # pragma: no cover -- no version is known to lack them
            value = len(wanted.results) > 1

            def returned(caller: wasmtime.Caller, *arguments: int) -> Any:
                found = call(caller, list(arguments))
                return [found, 1] if value else 1

            self.function = wasmtime.Func(store, wanted, returned, access_caller=True)

    def _context(self) -> Any:
        """What `wasmtime.Caller` has under this name."""
        if self._pointer is None:
            raise ValueError("the module is not calling")
        return self._pointer

    def _enter(
        self, _environment: Any, caller: Any, given: Any, count: int, results: Any, wanted: int
    ) -> None:
        returned = wanted - 1
        try:
            self._pointer = _ffi.wasmtime_caller_context(caller)
            found = self._call(self, [given[place].of.i32 for place in range(count)])
            if returned:
                results[0].kind = _ffi.WASMTIME_I32
                results[0].of.i32 = found
            results[returned].kind = _ffi.WASMTIME_I32
            results[returned].of.i32 = 1
        except BaseException as error:  # noqa: BLE001 -- no exception may cross the module
            results[returned].of.i32 = 0
            _func.LAST_EXCEPTION = error  # type: ignore[assignment]  # it holds any of them
        finally:
            self._pointer = None


_NO_FINALIZER = CFUNCTYPE(None, c_void_p)(0)
_ADDRESSES = (c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)
_Outer = CFUNCTYPE(c_void_p, *_ADDRESSES)
try:
    _Inner: Any = PYFUNCTYPE(
        None,
        c_void_p,
        POINTER(_ffi.wasmtime_caller_t),
        POINTER(_ffi.wasmtime_val_t),
        c_size_t,
        POINTER(_ffi.wasmtime_val_t),
        c_size_t,
    )
except AttributeError:  # pragma: no cover -- no version is known to lack them
    _Inner = None
