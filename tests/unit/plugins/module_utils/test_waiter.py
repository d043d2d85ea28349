# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.mesospark.platform.plugins.module_utils.errors import ConnectionFailed, WaitTimeout
from ansible_collections.mesospark.platform.plugins.module_utils.waiter import Waiter


class FakeTime:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def waiter(time: FakeTime, timeout: float = 10) -> Waiter:
    return Waiter(timeout, 2, time.clock, time.pause)


def test_returns_what_the_probe_finds() -> None:
    time = FakeTime()
    assert waiter(time).until(lambda: "ready" if time.now >= 4 else None, "it") == "ready"
    assert time.now == 4


def test_a_timeout_names_what_was_awaited_and_the_reasons() -> None:
    with pytest.raises(WaitTimeout) as caught:
        waiter(FakeTime()).until(lambda: None, "the driver", lambda: ["no offer came", "an agent is away"])
    assert caught.value.message == "Waited 10 s (wait_timeout) for the driver: no offer came; an agent is away."
    assert caught.value.record["reasons"] == ["no offer came", "an agent is away"]


def test_a_server_that_is_away_for_a_while_is_tolerated() -> None:
    time = FakeTime()

    def probe() -> bool:
        if time.now < 6:
            raise ConnectionFailed("Marathon is away.")
        return True

    assert waiter(time).until(probe, "it")


def test_a_server_that_stays_away_is_the_reason() -> None:
    def probe() -> None:
        raise ConnectionFailed("Marathon is away.")

    with pytest.raises(WaitTimeout, match=r"for it: Marathon is away"):
        waiter(FakeTime()).until(probe, "it", lambda: ["not asked for"])


def test_reasons_that_can_not_be_read_do_not_hide_the_timeout() -> None:
    def reasons() -> list[str]:
        raise ConnectionFailed("Mesos is away.")

    with pytest.raises(WaitTimeout, match=r"Mesos is away"):
        waiter(FakeTime()).until(lambda: None, "it", reasons)


def test_waits_in_a_row_share_the_time() -> None:
    time = FakeTime()
    both = waiter(time)
    both.until(lambda: time.now >= 8 or None, "first")
    with pytest.raises(WaitTimeout):
        both.until(lambda: time.now >= 14 or None, "second")
