"""A piece of durable work, as flows ask for it; who drives it need not be known for that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """Work to drive: the steps registered under `kind`, on `subject`.

    `key` is its idempotency key; submitting a key again is harmless. `partition` shares the workers out
    fairly; `urgent` work, a person's, has its own queue.
    """

    kind: str
    subject: str
    key: str
    partition: str
    urgent: bool = False
