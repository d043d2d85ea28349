# SPDX-License-Identifier: GPL-3.0-or-later
"""One loop in which an executor changes its state, so that nothing of it needs a lock."""

import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import NoReturn

from mesos_executors.log import log


class EventLoop:
    """Calls that other threads and signals post are run one after the other in the main thread."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` in the loop, soon. From any thread."""
        self._calls.put(call)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Run `call` in the loop after so many seconds."""
        timer = threading.Timer(seconds, self.post, (call,))
        timer.daemon = True
        timer.start()

    def on_signals(self, call: Callable[[], None], *numbers: signal.Signals) -> None:
        """Run `call` in the loop for each of these signals.

        The kernel may deliver a signal to any thread, and Python's own handler then waits until the main thread wakes
        up. The wake-up descriptor is written by the C handler, in whichever thread: no signal is missed.
        """
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)

        def watch() -> None:
            # `writer` is kept open by this closure.
            while writer.fileno() >= 0 and reader.recv(1):
                self.post(call)

        threading.Thread(target=watch, name="signals", daemon=True).start()

    def run(self) -> NoReturn:
        """Run posted calls until one of them ends the process."""
        while True:
            call = self._calls.get()
            try:
                call()
            except Exception:
                # The task must not lose its executor by a fault in one event.
                log("internal error:", traceback.format_exc())


def end_process(status: int = 0) -> NoReturn:
    """End at once: threads that wait for the agent or the engine are not waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
