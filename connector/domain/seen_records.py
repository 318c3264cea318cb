"""Which records a reconcile has seen that ran out of time: one bit for each that the warehouse knew when it began."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

from msgspec import Struct

TO_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
FROM_DIGITS = bytes.maketrans(b"01", b"\x00\x01")


class SeenRecords(Struct, frozen=True, kw_only=True):
    """The records whose first row the warehouse got before `known_until` (our clock), in ascending order of id, one bit each.

    That set never changes, because a log only grows, so the ids themselves need not be kept: `digest` proves that they are the same.
    """

    known_until: datetime
    count: int
    digest: str
    bits: bytes

    def unpack(self) -> bytes:
        """Return a 1 for each record that was seen, a 0 for each that was not."""
        return bin(int.from_bytes(self.bits))[3:].encode().translate(FROM_DIGITS)


def pack_seen(known_until: datetime, digest: str, flags: bytes) -> SeenRecords:
    """Return these flags, each 0 or 1, as bits."""
    number = int(b"1" + flags.translate(TO_DIGITS), 2)  # the first digit keeps the zeros behind it
    bits = number.to_bytes((number.bit_length() + 7) // 8)
    return SeenRecords(known_until=known_until, count=len(flags), digest=digest, bits=bits)


def digest_ids(parts: Iterable[bytes]) -> str:
    """Return 32 hexadecimal digits that change with the ids."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
