"""Messages between two processes: a length of eight bytes, then as many bytes."""

from typing import IO

_LENGTH_BYTES = 8
# An hour of sound takes about 100 MB; more is a mistake, or the work of a broken decoder.
MAX_MESSAGE_BYTES = 1_000_000_000


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(len(message).to_bytes(_LENGTH_BYTES))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one message.

    Raises:
        EOFError: the stream ends, or a message is too long.
    """
    length = int.from_bytes(_read(stream, _LENGTH_BYTES))
    if length > MAX_MESSAGE_BYTES:
        raise EOFError
    return _read(stream, length)


def _read(stream: IO[bytes], length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise EOFError
    return found
