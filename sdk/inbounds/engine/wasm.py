"""OPA's WASM ABI 1.3: one compiled module, and instances of it that evaluate.

Layout of an instance's memory, from the bottom:

    the module's own | constants, scratch | data | data.live.now | question, evaluation

An evaluation starts at the end of `data.live.now` and the next one overwrites it, so memory
does not grow with the number of questions. A push of `data.live.now` takes the value before
it out of the document and writes over it, so memory does not grow with their number either.

Crossings between Python and the module dominate the cost of a decision, so strings and
scalars are read where they lie, and constants are written once. The layout this relies on is
proved on every instance before it is used.
"""

from __future__ import annotations

import ctypes
import json
import struct
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

import wasmtime

from inbounds.engine.builtins import Builtin, Host
from inbounds.engine.compiled import CompiledModules, compiled_once
from inbounds.engine.crossing import GuestFunction, HostFunction
from inbounds.engine.memory import LinearMemory, set_epoch_deadline, write
from inbounds.engine.signature_cache import MODULE, SIZE, SignatureCache
from inbounds.engine.values import BuiltinError, Literal, dump, parse
from inbounds.errors import ConfigurationError

MAX_MEMORY: Final = 512 * 1024 * 1024
"""The largest memory of one instance, in bytes."""

_ABI: Final = (1, 2)
_SCRATCH: Final = 64 * 1024
_RESERVE: Final = 1024 * 1024
_NO_DEADLINE: Final = 10**9
_NULL, _BOOLEAN, _NUMBER, _STRING, _STRING_INTERNED, _BOOLEAN_INTERNED = 1, 2, 3, 4, 8, 9
_INTEGER: Final = 1
_NOW: Final = "time.now_ns"
_VERIFY: Final = "io.jwt.verify_"
_HEAD: Final = struct.Struct("<BBxxII")
_HEAD_OF_NUMBER: Final = struct.Struct("<BBxxxxxxII")
_DIGITS: Final = 19
"""Of nanoseconds since 1970, from 2001 to 2286."""
_FUNCTIONS: Final = (
    "opa_eval",
    "opa_malloc",
    "opa_heap_ptr_get",
    "opa_heap_ptr_set",
    "opa_json_dump",
    "opa_value_dump",
    "opa_value_parse",
    "opa_value_add_path",
    "opa_value_remove_path",
    "builtins",
    "entrypoints",
)


class EvaluationFailed(Exception):
    """The module stopped without a result; its instance is of no more use."""


class EvaluationInterrupted(EvaluationFailed):
    """The module was still running when its time was up."""


class Module:
    """A compiled policy. Compiling takes most of the time of loading; instances are cheap.

    Args:
        engine: What runs it.
        code: The module, verified.
        kept: Where compiled modules are kept between processes; else in this one alone.
    """

    def __init__(
        self, engine: wasmtime.Engine, code: bytes, *, kept: CompiledModules | None = None
    ) -> None:
        compiled = kept.module if kept else compiled_once
        try:
            self._compiled = compiled(engine, code)
            self._recall = compiled(engine, MODULE)
        except wasmtime.WasmtimeError as error:
            raise ConfigurationError(
                "the bundle's module is not WebAssembly", code="bundle.module_unusable"
            ) from error
        self.engine = engine

    def instance(self, host: Host, data: bytes, *, live: bool) -> Instance:
        """A new instance that holds `data`.

        Args:
            host: The built-ins and the clock.
            data: The base document, as JSON of an object.
            live: Whether `put_now` is to be possible; `data` has an object at `live` then,
                without `now` in it.

        Raises:
            ConfigurationError: The module wants a built-in that the host does not offer, or
                was not made by an OPA whose ABI and layout are known here.
        """
        return Instance(self.engine, self._compiled, self._recall, host, data, live=live)


class Instance:
    """One memory with a policy and its data in it. Not for two threads at once."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        compiled: wasmtime.Module,
        recall: wasmtime.Module,
        host: Host,
        data: bytes,
        *,
        live: bool,
    ) -> None:
        self._host = host
        self._store = wasmtime.Store(engine)
        self._store.set_limits(memory_size=MAX_MEMORY)
        self._store.set_epoch_deadline(_NO_DEADLINE)
        try:
            self._load(compiled, recall)
            self._prove_layout()
            self._prepare(data, live=live)
        except (wasmtime.WasmtimeError, wasmtime.Trap, EvaluationFailed, LookupError) as error:
            raise ConfigurationError(
                f"the bundle's module cannot be started: {error}", code="bundle.module_unusable"
            ) from error

    # --- loading ---------------------------------------------------------------------------

    def _load(self, compiled: wasmtime.Module, recall: wasmtime.Module) -> None:
        self._landings: list[HostFunction] = []
        functions: dict[str, wasmtime.Func] = {}
        linker = wasmtime.Linker(self._store.engine)
        for wanted in compiled.imports:
            if wanted.module != "env" or wanted.name is None:
                raise EvaluationFailed("it imports from somewhere else than `env`")
            if isinstance(wanted.type, wasmtime.MemoryType):
                self._memory = wasmtime.Memory(self._store, wanted.type)
                self._reach = LinearMemory(self._memory)
                linker.define(self._store, "env", wanted.name, self._memory)
        for wanted in recall.imports:
            if isinstance(wanted.type, wasmtime.FuncType) and wanted.name is not None:
                landing = HostFunction(self._store, wanted.type, self._import(wanted.name))
                self._landings.append(landing)
                functions[wanted.name] = landing.function
        self._recall = SignatureCache(self._store, self._memory, recall, functions)
        for name, function in self._recall.functions.items():
            linker.define(self._store, "env", name, function)
        exports = linker.instantiate(self._store, compiled).exports(self._store)
        major, minor = exports["opa_wasm_abi_version"], exports["opa_wasm_abi_minor_version"]
        if not isinstance(major, wasmtime.Global) or not isinstance(minor, wasmtime.Global):
            raise EvaluationFailed("it does not say which ABI it has")
        if major.value(self._store) != _ABI[0] or minor.value(self._store) < _ABI[1]:
            raise EvaluationFailed("its ABI is not supported")
        exported = {name: exports[name] for name in _FUNCTIONS}
        self._call = {
            name: GuestFunction(function, self._store)
            for name, function in exported.items()
            if isinstance(function, wasmtime.Func)
        }
        self._table = self._builtins()
        self.entrypoints: Mapping[str, int] = self._listing("entrypoints")

    def _import(self, name: str) -> Callable[[wasmtime.Caller, list[int]], int | None]:
        # Were the imports to hold the instance, only the collector of cycles would free it.
        instance = weakref.ref(self)
        built_in = name.startswith("opa_builtin")

        def call(caller: wasmtime.Caller, arguments: list[int]) -> int | None:
            alive = instance()
            if alive is None:
                raise EvaluationFailed("the instance is gone")
            if built_in:
                return alive._dispatch(caller, arguments)  # noqa: SLF001
            message = alive._text(caller, arguments[0]).decode("utf-8", "replace")  # noqa: SLF001
            if name == "opa_println":
                return None
            raise EvaluationFailed(f"the policy stopped: {message}")

        return call

    def _builtins(self) -> dict[int, tuple[str, Builtin]]:
        ids = self._listing("builtins")
        missing = sorted(ids.keys() - self._host.builtins.keys())
        if missing:
            raise ConfigurationError(
                f"the policy calls built-ins that the embedded engine lacks: {', '.join(missing)}",
                code="policy.builtin_missing",
                hint="leave them out, or serve this bundle with OPA",
            )
        return {number: (name, self._host.builtins[name]) for name, number in ids.items()}

    def _listing(self, name: str) -> dict[str, int]:
        address = self._call["opa_json_dump"](self._store, self._call[name](self._store))
        try:
            listed = json.loads(self._text(self._store, address))
        except ValueError as error:
            raise EvaluationFailed(f"its `{name}` are not JSON") from error
        if not isinstance(listed, dict) or not all(type(n) is int for n in listed.values()):
            raise EvaluationFailed(f"its `{name}` are not numbers by name")
        return listed

    def _prove_layout(self) -> None:
        store, unknown = self._store, "its values are laid out in a way that is not known"
        for value in ("proof", True, None, 2**40 + 7):
            if self._read(store, self._parsed(store, dump(value)), self._base(store)) != value:
                raise EvaluationFailed(unknown)
        written = self._write(store, "\udc80proof")
        if self._read(store, written, self._base(store)) != "\udc80proof":
            raise EvaluationFailed(unknown)
        self._now_value = self._parsed(store, b"1" * _DIGITS)
        for now in (10**_DIGITS - 1, 10 ** (_DIGITS - 1)):
            if self._moment(store, now) != self._now_value:
                raise EvaluationFailed(unknown)
            if self._read(store, self._now_value, self._base(store)) != now:
                raise EvaluationFailed(unknown)

    def _prepare(self, data: bytes, *, live: bool) -> None:
        store, call = self._store, self._call
        self._constants = {
            constant: self._parsed(store, dump(constant)) for constant in (True, False, None)
        }
        self._now_path = self._parsed(store, b'["live","now"]')
        self._scratch = call["opa_malloc"](store, _SCRATCH)
        table = call["opa_malloc"](store, SIZE)
        ids = {name: number for number, (name, _) in self._table.items()}
        self._recall.begin(store, self._base(store), table, time_id=ids.get(_NOW))
        self._data = self._parsed(store, data)
        if self._data == 0:
            raise EvaluationFailed("its data is not JSON")
        if live:
            # Put in once and taken out again, a member leaves behind a table with room for it:
            # `put_now` must not let that table grow into what the next one overwrites.
            empty = self._parsed(store, b"{}")
            self._expect(call["opa_value_add_path"](store, self._data, self._now_path, empty))
            self._expect(call["opa_value_remove_path"](store, self._data, self._now_path))
        self._now_start = self._heap = call["opa_heap_ptr_get"](store)
        self._make_room(_RESERVE)

    # --- use -------------------------------------------------------------------------------

    def evaluate(self, entrypoint: int, question: bytes, *, ticks: int) -> bytes:
        """Evaluate one entry point.

        Args:
            entrypoint: Its number, from `entrypoints`.
            question: The `input`, as JSON.
            ticks: How often the engine's epoch may be incremented before it is interrupted.

        Returns:
            JSON of the result set: `[{"result": …}]`, or `[]` where it is undefined.

        Raises:
            EvaluationInterrupted: `ticks` have passed.
            EvaluationFailed: It stopped for another reason.
        """
        store = self._store
        size = len(question)
        try:
            if self._heap + size + _SCRATCH > self._reach.size(store):
                self._make_room(size + _RESERVE)
            base = self._base(store)
            write(base + self._heap, question)
            self._host.begin()
            self._recall.tell(base, self._set_moment(base, self._host.now_ns()))
            set_epoch_deadline(store, ticks)
            # It begins on a boundary of eight bytes: its numbers hold 64-bit integers.
            start = (self._heap + size + 7) & ~7
            address = self._call["opa_eval"](
                store, 0, entrypoint, self._data, self._heap, size, start, 0
            )
        except wasmtime.Trap as trap:
            if trap.trap_code is wasmtime.TrapCode.INTERRUPT:
                raise EvaluationInterrupted("it ran until the deadline") from trap
            raise EvaluationFailed("it trapped") from trap
        return self._text(store, address)

    def put_now(self, now: bytes) -> None:
        """Replace `data.live.now`, at a cost that does not depend on the rest of the data.

        Args:
            now: The new value, as JSON.

        Raises:
            EvaluationFailed: It did not fit, or is not JSON.
        """
        store, call = self._store, self._call
        store.set_epoch_deadline(_NO_DEADLINE)
        # Taking out what is not there, as before the first push, does nothing.
        call["opa_heap_ptr_set"](store, self._heap)
        self._expect(call["opa_value_remove_path"](store, self._data, self._now_path))
        # From here on nothing refers to what lies above; this also forgets the freed blocks.
        call["opa_heap_ptr_set"](store, self._now_start)
        value = self._parsed(store, now)
        if value == 0:
            raise EvaluationFailed("`live.now` is not JSON")
        self._expect(call["opa_value_add_path"](store, self._data, self._now_path, value))
        self._heap = call["opa_heap_ptr_get"](store)
        self._make_room(_RESERVE)

    @property
    def memory(self) -> int:
        """The size of the instance's memory, in bytes."""
        return int(self._reach.size(self._store))

    def _make_room(self, size: int) -> None:
        """Let the module's own allocator grow the memory: behind its back it would lose count."""
        self._call["opa_heap_ptr_set"](self._store, self._heap)
        self._call["opa_malloc"](self._store, size)
        self._call["opa_heap_ptr_set"](self._store, self._heap)

    @staticmethod
    def _expect(errno: int) -> None:
        if errno:
            raise EvaluationFailed("the data cannot be changed")

    # --- built-ins -------------------------------------------------------------------------

    def _dispatch(self, caller: wasmtime.Caller, arguments: list[int]) -> int:
        number, _, *addresses = arguments
        name, builtin = self._table[number]
        try:
            if name == _NOW:
                return self._moment(caller, builtin())
            # Nothing in between lets the memory grow, which could move it.
            base = self._base(caller)
            given = [self._read(caller, address, base) for address in addresses]
            result = builtin(*given)
        except BuiltinError as error:
            raise EvaluationFailed(f"`{name}` failed: {error}") from error
        written = self._write(caller, result)
        if name.startswith(_VERIFY):
            token, key = (text.encode("utf-8", "surrogateescape") for text in given)
            self._recall.remember(base, number, token, key, written)
        return written

    def _moment(self, store: wasmtime.Store | wasmtime.Caller, now: int) -> int:
        """Write the time into the number kept for it: an evaluation knows one moment only.

        The number keeps the digits it was parsed from. As a 64-bit integer it would be cut to
        32 bits when it is divided (OPA 1.22).
        """
        return self._set_moment(self._base(store), now) or self._write(store, now)

    def _set_moment(self, base: int, now: int) -> int:
        digits = b"%d" % now
        kind, _, at, size = _HEAD_OF_NUMBER.unpack(
            ctypes.string_at(base + self._now_value, _HEAD_OF_NUMBER.size)
        )
        if (kind, size) != (_NUMBER, len(digits)):
            return 0
        write(base + at, digits)
        return self._now_value

    def _read(self, store: wasmtime.Store | wasmtime.Caller, address: int, base: int) -> Any:
        kind, detail, first, second = _HEAD.unpack(ctypes.string_at(base + address, _HEAD.size))
        if kind in (_STRING, _STRING_INTERNED):
            return ctypes.string_at(base + second, first).decode("utf-8", "surrogateescape")
        if kind in (_BOOLEAN, _BOOLEAN_INTERNED):
            return bool(detail)
        if kind == _NULL:
            return None
        if kind == _NUMBER and detail == _INTEGER:
            return struct.unpack("<q", ctypes.string_at(base + address + 8, 8))[0]
        return parse(self._text(store, self._call["opa_value_dump"](store, address)))

    def _write(self, store: wasmtime.Store | wasmtime.Caller, value: Any) -> int:
        if isinstance(value, str) and not isinstance(value, Literal):
            # Written by hand: the module's parser refuses bytes that are not UTF-8.
            content = value.encode("utf-8", "surrogateescape")
            address = self._call["opa_malloc"](store, 12 + len(content))
            header = _HEAD.pack(_STRING, 0, len(content), address + 12)
            write(self._base(store) + address, header + content)
            return address
        if value is None or isinstance(value, bool):
            return self._constants[value]
        return self._parsed(store, dump(value))

    # --- memory ----------------------------------------------------------------------------

    def _base(self, store: wasmtime.Store | wasmtime.Caller) -> int:
        # Asked for every time: growing may move it.
        return self._reach.base(store)

    def _text(self, store: wasmtime.Store | wasmtime.Caller, address: int) -> bytes:
        if not 0 < address < self._reach.size(store):
            raise EvaluationFailed("the module gave no result")
        return ctypes.string_at(self._base(store) + address)

    def _parsed(self, store: wasmtime.Store | wasmtime.Caller, text: bytes) -> int:
        """The address of the value that `text` says, or 0 where it says none."""
        if len(text) <= _SCRATCH and hasattr(self, "_scratch"):
            address = self._scratch
        else:
            address = self._call["opa_malloc"](store, len(text))
        write(self._base(store) + address, text)
        return self._call["opa_value_parse"](store, address, len(text))
