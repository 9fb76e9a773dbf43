"""Passwords at rest: argon2id, with what the OWASP Password Storage Cheat Sheet asks for at least.

Hashes of earlier releases are werkzeug's and still fit; anyone who sees the password next replaces them.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

MEMORY_KIB = 19 * 1024
PASSES = 2
SHORTEST = 12
"""Characters that a password which a person chooses needs at least."""
CURRENT = "$argon2id$"
"""How every hash of this release begins."""

_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
# Hashes of random passwords that no one has, to be as long about someone unknown as about someone known.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$rIY0AAV0ORH3OtojdTGoEw$ASzFPWbw/uBgDf9sew85eZXDOu1pGTpqHm0xRFdn/4I"
_NOBODY_BEFORE = (
    "scrypt:32768:8:1$p1IXgCge4qYBJDK3$17be3fc7083868f24aecc5757e"
    "be05e01f76b65462058105fbd835908df9f828237efaac46349fe8cbe02078f5e4c059bd396a0517cf4ef0b6cb9a9589505d33"
)


def hashed(password: str) -> str:
    """The hash of a password, to be kept in its place. Takes 19 MiB and some hundredths of a second."""
    return _HASHER.hash(password)


def is_current(password_hash: str) -> bool:
    """Return whether a kept hash is of the kind that `hashed` makes."""
    return password_hash.startswith(CURRENT)


def fits(password_hash: str, password: str) -> bool:
    """Return whether `password` is the one that was hashed; False for a hash that is none."""
    if not is_current(password_hash):
        return check_password_hash(password_hash, password)
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def fits_someone(password_hash: str | None, password: str, *, any_before: bool) -> bool:
    """Like `fits`, and as long about someone unknown (None) as about anybody known.

    `any_before` says that an earlier release's hash is kept of anybody: then both kinds are computed for everybody.
    """
    known = password_hash or _NOBODY
    right = fits(known, password)
    if any_before:
        fits(_NOBODY_BEFORE if is_current(known) else _NOBODY, password)
    return right and password_hash is not None
