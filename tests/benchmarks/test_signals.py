import os
import signal
import threading
from collections.abc import Iterator

import pytest

from benchmarks.signals import Signalled, signals_raised


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """No signal is ignored, though who started the tests in the background may have it so."""
    before = {
        number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [("SIGINT", 130, "Interrupted"), ("SIGTERM", 143, "Told to stop"), ("SIGHUP", 129, "Told to stop")],
)
def test_a_signal_is_raised_with_its_exit_code(name: str, code: int, word: str) -> None:
    with pytest.raises(Signalled) as raised, signals_raised():
        os.kill(os.getpid(), getattr(signal, name))
    assert (raised.value.exit_code, raised.value.word) == (code, word)


def test_the_handlers_from_before_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with signals_raised():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_several_at_once_count_as_one() -> None:
    with signals_raised():
        with pytest.raises(Signalled):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # would raise


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_raised():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_change_nothing() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look() -> None:
        with signals_raised():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
