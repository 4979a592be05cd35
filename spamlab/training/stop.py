"""Ctrl-C and SIGTERM in a training: they wait until a step is whole."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """While this context is open, a request to stop is noted in `asked`; the loop ends when it can.

    Outside the main thread, where Python handles no signals, it does nothing.
    """

    def __init__(self):
        self.asked = False
        self._at_once = False
        self._before = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler or signal.SIG_DFL)

    def _receive(self, *_) -> None:
        self.asked = True
        if self._at_once:
            raise KeyboardInterrupt

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise KeyboardInterrupt inside this block; for long work that changes nothing."""
        self._at_once = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._at_once = False
