"""What the module finds in its own memory, instead of asking Python for it.

A call from the module into Python takes longer than most rules, and has to wait while another
thread holds Python's lock: with many threads, each of them waits for its turn once more in the
middle of its evaluation. So a second module, written here, stands between the policy and the
host. It answers what is asked at every evaluation from a table in the memory they share, and
passes everything else on:

- the time, which Python writes there before an evaluation begins, and
- whether the signature of a token is good, by the whole token, the whole key and the function
  asked for. Nothing about the time of a token is kept.

The table is bounded: what was written first is overwritten first. It is made with an instance
and goes with it.

It also stops the module where Python did not answer (`crossing.HostFunction`): a built-in that was
broken off would else be undefined, and `not` of it true.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

import wasmtime

from inbounds.engine.crossing import GuestFunction
from inbounds.engine.memory import write

SLOTS: Final = 64
"""How many signatures one instance remembers. They are looked at in turn."""

_TOKEN: Final = 4096
_KEY: Final = 1024
"""The longest that are remembered, in bytes; longer ones are asked for each time."""

_HEAD: Final = struct.Struct("<IIII")
_SLOT: Final = struct.Struct("<IIIIII8x")
_ROOM: Final = _TOKEN + _KEY
SIZE: Final = _HEAD.size + SLOTS * (_SLOT.size + _ROOM)
"""The bytes that the table takes in the memory of the instance."""

# The table: the id of `time.now_ns` and the address of its value (0: not known); how many slots
# are written; then the slots: the id of the built-in and the address of what it answered, length
# and address of the token, length and address of the key. A string of OPA's has its kind in the
# first byte (4, or 8 where it is interned), its length at 4 and the address of its bytes at 8.
_TEXT: Final = """
(module
  (import "env" "memory" (memory 0))
  (import "host" "opa_abort" (func $abort (param i32) (result i32)))
  (import "host" "opa_println" (func $print (param i32) (result i32)))
  (import "host" "opa_builtin0" (func $ask0 (param i32 i32) (result i32 i32)))
  (import "host" "opa_builtin1" (func $ask1 (param i32 i32 i32) (result i32 i32)))
  (import "host" "opa_builtin2" (func $ask2 (param i32 i32 i32 i32) (result i32 i32)))
  (import "host" "opa_builtin3" (func $ask3 (param i32 i32 i32 i32 i32) (result i32 i32)))
  (import "host" "opa_builtin4" (func $ask4 (param i32 i32 i32 i32 i32 i32) (result i32 i32)))
  (global $table (mut i32) (i32.const 0))

  (func (export "use") (param $at i32)
    (global.set $table (local.get $at)))

  (func $answered (param $value i32) (param $returned i32) (result i32)
    (if (i32.ne (local.get $returned) (i32.const 1)) (then unreachable))
    (local.get $value))

  (func (export "opa_abort") (param $message i32)
    (drop (call $abort (local.get $message)))
    unreachable)

  (func (export "opa_println") (param $message i32)
    (drop (call $answered (i32.const 0) (call $print (local.get $message)))))

  (func (export "opa_builtin1")
    (param $id i32) (param $context i32) (param $a i32) (result i32)
    (call $answered
      (call $ask1 (local.get $id) (local.get $context) (local.get $a))))

  (func (export "opa_builtin3")
    (param $id i32) (param $context i32) (param $a i32) (param $b i32) (param $c i32) (result i32)
    (call $answered
      (call $ask3 (local.get $id) (local.get $context)
                  (local.get $a) (local.get $b) (local.get $c))))

  (func (export "opa_builtin4")
    (param $id i32) (param $context i32)
    (param $a i32) (param $b i32) (param $c i32) (param $d i32) (result i32)
    (call $answered
      (call $ask4 (local.get $id) (local.get $context)
                  (local.get $a) (local.get $b) (local.get $c) (local.get $d))))

  (func (export "opa_builtin0") (param $id i32) (param $context i32) (result i32)
    (if (global.get $table)
      (then
        (if (i32.eq (local.get $id) (i32.load (global.get $table)))
          (then
            (if (i32.load offset=4 (global.get $table))
              (then (return (i32.load offset=4 (global.get $table)))))))))
    (call $answered (call $ask0 (local.get $id) (local.get $context))))

  (func (export "opa_builtin2")
    (param $id i32) (param $context i32) (param $token i32) (param $key i32) (result i32)
    (local $slot i32) (local $end i32)
    (if (global.get $table)
      (then
        (if (i32.and (call $text (local.get $token)) (call $text (local.get $key)))
          (then
            (local.set $slot (i32.add (global.get $table) (i32.const 16)))
            (local.set $end
              (i32.add (local.get $slot)
                (i32.shl (i32.load offset=8 (global.get $table)) (i32.const 5))))
            (loop $next
              (if (i32.lt_u (local.get $slot) (local.get $end))
                (then
                  (if (i32.eq (i32.load (local.get $slot)) (local.get $id))
                    (then
                      (if (call $same (i32.add (local.get $slot) (i32.const 8))
                                      (i32.add (local.get $token) (i32.const 4)))
                        (then
                          (if (call $same (i32.add (local.get $slot) (i32.const 16))
                                          (i32.add (local.get $key) (i32.const 4)))
                            (then (return (i32.load offset=4 (local.get $slot)))))))))
                  (local.set $slot (i32.add (local.get $slot) (i32.const 32)))
                  (br $next))))))))
    (call $answered
      (call $ask2 (local.get $id) (local.get $context) (local.get $token) (local.get $key))))

  (func $text (param $value i32) (result i32)
    (i32.or (i32.eq (i32.load8_u (local.get $value)) (i32.const 4))
            (i32.eq (i32.load8_u (local.get $value)) (i32.const 8))))

  ;; Whether two pairs of length and address stand for the same bytes. Tokens of one issuer
  ;; begin alike and end in their signatures, so it begins at the end.
  (func $same (param $one i32) (param $other i32) (result i32)
    (local $left i32)
    (local.set $left (i32.load (local.get $one)))
    (if (i32.ne (local.get $left) (i32.load (local.get $other)))
      (then (return (i32.const 0))))
    (local.set $one (i32.load offset=4 (local.get $one)))
    (local.set $other (i32.load offset=4 (local.get $other)))
    (loop $words
      (if (i32.ge_u (local.get $left) (i32.const 8))
        (then
          (local.set $left (i32.sub (local.get $left) (i32.const 8)))
          (if (i64.ne (i64.load (i32.add (local.get $one) (local.get $left)))
                      (i64.load (i32.add (local.get $other) (local.get $left))))
            (then (return (i32.const 0))))
          (br $words))))
    (loop $bytes
      (if (local.get $left)
        (then
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (if (i32.ne (i32.load8_u (i32.add (local.get $one) (local.get $left)))
                      (i32.load8_u (i32.add (local.get $other) (local.get $left))))
            (then (return (i32.const 0))))
          (br $bytes))))
    (i32.const 1)))
"""

MODULE: Final = bytes(wasmtime.wat2wasm(_TEXT))
"""The second module; it is compiled like the policy's own."""

_NO_ID: Final = 2**32 - 1


class SignatureCache:
    """The table of one instance, and the functions that look into it.

    Args:
        store: The store of the instance.
        memory: Its memory.
        compiled: `MODULE`, compiled by the engine of the store.
        host: What is asked where the table has no answer, by the name of the import: each
            with the type that `MODULE` imports it with.

    Attributes:
        functions: What the policy is to import instead, by the name of the import.
    """

    def __init__(
        self,
        store: wasmtime.Store,
        memory: wasmtime.Memory,
        compiled: wasmtime.Module,
        host: Mapping[str, wasmtime.Func],
    ) -> None:
        linker = wasmtime.Linker(store.engine)
        linker.define(store, "env", "memory", memory)
        for name, function in host.items():
            linker.define(store, "host", name, function)
        exports = linker.instantiate(store, compiled).exports(store)
        found = {name: exports[name] for name in (*host, "use")}
        functions = {k: v for k, v in found.items() if isinstance(v, wasmtime.Func)}
        self._use = GuestFunction(functions.pop("use"), store)
        self.functions: Mapping[str, wasmtime.Func] = functions
        self._table = self._time = self._written = 0

    def begin(self, store: wasmtime.Store, base: int, table: int, *, time_id: int | None) -> None:
        """Begin to answer.

        Args:
            store: The store of the instance.
            base: Where its memory lies now.
            table: Where in it `SIZE` bytes are kept for this.
            time_id: What the policy calls `time.now_ns`; None where it does not.
        """
        self._table, self._time = table, _NO_ID if time_id is None else time_id
        self.tell(base, 0)
        self._use(store, table)

    def tell(self, base: int, moment: int) -> None:
        """Answer the time with the value at `moment` from now on, or not at all where it is 0."""
        head = _HEAD.pack(self._time, moment, min(self._written, SLOTS), 0)
        write(base + self._table, head)

    def remember(self, base: int, asked: int, token: bytes, key: bytes, answer: int) -> None:
        """Remember whether a signature is good.

        Args:
            base: Where the memory lies now.
            asked: What the policy calls the built-in.
            token: Its first argument.
            key: Its second.
            answer: Where the value lies that it answered; it must stay there.
        """
        if len(token) > _TOKEN or len(key) > _KEY:
            return
        place = self._written % SLOTS
        at = self._table + _HEAD.size + place * _SLOT.size
        room = self._table + _HEAD.size + SLOTS * _SLOT.size + place * _ROOM
        slot = _SLOT.pack(asked, answer, len(token), room, len(key), room + _TOKEN)
        write(base + at, slot)
        write(base + room, token)
        write(base + room + _TOKEN, key)
        self._written += 1
        count = min(self._written, SLOTS)
        write(base + self._table + 8, count.to_bytes(4, "little"))
