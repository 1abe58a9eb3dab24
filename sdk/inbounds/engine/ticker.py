"""What makes a deadline reach into a running module."""

from __future__ import annotations

import math
import threading
import time
from typing import Final

import wasmtime

TICK: Final = 0.01
"""How exact a deadline is, in seconds."""
_IDLE: Final = 100


class Ticker:
    """Increments an engine's epoch every `TICK` while something is being asked.

    A module that runs past its number of ticks is interrupted. The thread starts with the
    first question, and sleeps after a second without any.
    """

    def __init__(self, engine: wasmtime.Engine) -> None:
        self._engine = engine
        self._wanted = threading.Event()
        self._running = False
        self._stopped = False
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float) -> int:
        """Tick until `end`, and say how many ticks lie within `seconds` from now."""
        self._running = True
        if not self._wanted.is_set():
            self._wanted.set()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="inbounds-epoch", daemon=True
                )
                self._thread.start()
        return math.ceil(seconds / TICK) + 1

    def end(self) -> None:
        """Nothing is being asked any more."""
        self._running = False

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._wanted.set()

    def _run(self) -> None:
        idle = 0
        while not self._stopped:
            time.sleep(TICK)
            self._engine.increment_epoch()
            idle = 0 if self._running else idle + 1
            if idle > _IDLE:
                idle = 0
                self._wanted.clear()
                # `begin` sets the flag before it looks at the event, so one of the two is seen.
                if not self._running and not self._stopped:
                    self._wanted.wait()
                else:
                    self._wanted.set()
