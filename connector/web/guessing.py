"""What slows those who guess passwords, and keeps no one out who knows theirs.

Failures are counted by account and by address. Others may make them: anyone who knows an e-mail address, and, where the
settings do not name the proxy, everybody together. So no count refuses for good:

- A browser in which a person has signed in before is counted by itself, and no one else's failures matter to it.
- Anybody else waits, at most some seconds, and has a turn when the wait is over.
- An address with many failures slows only accounts at which something has failed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from connector.web.brake import Brake
from connector.web.turns import Turns
from connector.web.visitor_address import counted_address

FREE_TRIES_PER_ACCOUNT = 5
FREE_TRIES_PER_ADDRESS = 30
"""More than for an account, because an office or a proxy shows one address for many people."""
LONGEST_WAIT_OF_STRANGERS_S = 15.0


@dataclass(frozen=True)
class Who:
    """Who tries: at which account, from which address, in which browser ("" for one that is not known there)."""

    account: str
    address: str
    browser: str = ""
    turn: str = ""


@dataclass(frozen=True)
class Answer:
    """Whether a try may be looked at: at once, or after `wait_s` seconds, for which `turn` is kept."""

    wait_s: float = 0.0
    turn: str = ""


class Guessing:
    """The brakes of one process. Every try is counted as failed until it is said to be right."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        longest_s = LONGEST_WAIT_OF_STRANGERS_S
        self.accounts = Brake(free=FREE_TRIES_PER_ACCOUNT, longest_s=longest_s, clock_s=clock_s)
        self.addresses = Brake(free=FREE_TRIES_PER_ADDRESS, longest_s=longest_s, clock_s=clock_s)
        self._browsers = Brake(free=FREE_TRIES_PER_ACCOUNT, clock_s=clock_s)
        self._turns = Turns(clock_s)
        self._lock = threading.Lock()

    def enter(self, who: Who) -> Answer:
        """Count a try, or say how long it must wait, and count nothing."""
        if who.browser:
            return Answer(self._browsers.enter(_key(who)))
        address = counted_address(who.address)
        with self._lock:
            if not self._turns.use(who.turn, who.account):
                if (wait_s := self._turns.wait_s(who.turn, who.account)) is not None:
                    return Answer(wait_s, who.turn)
                if pause_s := self._pause_s(who.account, address):
                    turn, wait_s = self._turns.give(who.account, after_s=pause_s)
                    return Answer(wait_s, turn)
            self.accounts.count(who.account)
            self.addresses.count(address)
            return Answer()

    def right(self, who: Who) -> None:
        """The try was right."""
        if who.browser:
            self._browsers.forget(_key(who))
            return
        self.accounts.forget(who.account)
        self.addresses.forgive(counted_address(who.address))

    def _pause_s(self, account: str, address: str) -> float:
        failed = self.accounts.failures(account) > 0
        return max(self.accounts.wait_s(account), self.addresses.wait_s(address) if failed else 0.0)


def _key(who: Who) -> str:
    return f"{who.browser} {who.account}"
