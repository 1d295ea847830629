"""Signals that ask a run to stop, as an exception that it can put its things in order for."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2.0  # seconds
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # ctrl-C; Slurm's warning or a preempted machine; a closed terminal


class Signalled(KeyboardInterrupt):
    """The process was asked to stop.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """As shells have it.

        Example:
            >>> Signalled(signal.SIGTERM).exit_code
            143
        """
        return 128 + self.number

    @property
    def word(self) -> str:
        """For the user."""
        return {signal.SIGINT: "Interrupted"}.get(signal.Signals(self.number), "Told to stop")


_received = [signal.SIGINT]


def signalled(error: KeyboardInterrupt) -> Signalled:
    """The exception that the handler raised; a library that was interrupted may have put a plain one in its place.

    Example:
        >>> signalled(KeyboardInterrupt()).exit_code
        130
    """
    return error if isinstance(error, Signalled) else Signalled(_received[-1])


@contextmanager
def signals_raised() -> Iterator[None]:
    """Inside, such a signal raises `Signalled`; more of them at once (to a whole group, say) count as one.

    A signal that is ignored (as nohup does with SIGHUP) stays ignored. Outside the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for name in NAMES if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.getsignal(number) for number in numbers}

    latest = -AT_ONCE

    def handle(number: int, frame: object) -> None:
        nonlocal latest
        now = time.monotonic()
        if now - latest >= AT_ONCE:
            latest = now
            _received[:] = [signal.Signals(number)]
            raise Signalled(number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
