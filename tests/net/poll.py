# SPDX-License-Identifier: Apache-2.0
"""tests/net/poll.py - the one place where a test waits: for a condition, with a limit."""
import time


class TooLate(AssertionError):
    """The condition did not come true in time."""


def wait(condition, seconds=20.0, what="the condition"):
    """The first true value of condition(); exceptions on the way are part of waiting."""
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except Exception as problem:  # noqa: BLE001 - said when time is up
            last = problem
        if time.monotonic() > end:
            raise TooLate(f"{what} did not come within {seconds:g} s; last: {last!r}")
        time.sleep(0.03)
