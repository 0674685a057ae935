"""Messages between a worker and its parent: eight bytes of length, then a pickle.

Both ends are the same program on the same machine, joined by pipes that nobody else holds, so
that pickle reads trusted bytes only. Model files never come this way.
"""

from __future__ import annotations

import pickle
from typing import IO, Any

__all__ = ["pack", "receive", "send"]

_LENGTH = 8


def pack(message: Any) -> bytes:
    """The bytes of one message; raises pickle's errors for what cannot be sent."""
    body = pickle.dumps(message, protocol=5)
    return len(body).to_bytes(_LENGTH, "big") + body


def send(stream: IO[bytes], packed: bytes) -> None:
    """Writes one message whole and flushes; raises OSError when the other end is gone."""
    stream.write(packed)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Reads one message; raises EOFError at the end of the stream, also amid a message."""
    length = int.from_bytes(_exactly(stream, _LENGTH), "big")
    return pickle.loads(_exactly(stream, length))


def _exactly(stream: IO[bytes], count: int) -> bytes:
    body = stream.read(count)
    if len(body) != count:
        raise EOFError(f"expected {count} bytes but got {len(body)}")
    return body
