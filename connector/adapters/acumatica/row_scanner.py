"""Finds the records in a response that cannot be decoded as JSON because of the content of one record."""

import re

import msgspec

PLAIN = rb'(?: [^"{}\[\]]++ | " [^"\\]*+ (?: \\. [^"\\]*+ )*+ " )'
"""Anything but quotes and brackets, or a text with whatever is in it: a backslash hides the byte behind it."""
STRUCTURE = re.compile(rb"(?: %b | [{\[] %b*+ [}\]] )*+ ([{}\[\]])" % (PLAIN, PLAIN), re.DOTALL | re.VERBOSE)
"""One bracket and what stands before it, whole pairs without others inside too. It never goes back over what it passed."""


def scan_rows(body: bytes) -> list[bytes]:
    """Return the text of each object of an array, told by quotes and brackets alone: what is between them may be anything.

    Raises msgspec.DecodeError when the body is no whole array of objects.
    """
    start = _find_start(body, b"[")
    rows: list[bytes] = []
    at = start + 1
    while (begin := body.find(b"{", at)) != -1 and body[at:begin].strip() == (b"," if rows else b""):
        at = _find_end(body, begin)
        rows.append(body[begin:at])
    _expect(body[at:], b"]")
    return rows


def scan_whole_rows(body: bytes) -> list[bytes]:
    """Return the text of each object of an array that ends anywhere, those that are whole."""
    rows: list[bytes] = []
    at = _find_start(body, b"[") + 1
    while (begin := body.find(b"{", at)) != -1 and body[at:begin].strip() == (b"," if rows else b""):
        try:
            at = _find_end(body, begin)
        except msgspec.DecodeError:
            break
        rows.append(body[begin:at])
    return rows


def scan_object(body: bytes) -> bytes:
    """Return the text of the one object the body is; raise msgspec.DecodeError when it is none."""
    start = _find_start(body, b"{")
    end = _find_end(body, start)
    _expect(body[end:], b"")
    return body[start:end]


def _find_start(body: bytes, bracket: bytes) -> int:
    start = body.find(bracket)
    _expect(body[: start + 1], bracket)
    return start


def _find_end(body: bytes, begin: int) -> int:
    """Return the place behind the bracket that closes the one at `begin`."""
    depth, at = 1, begin + 1
    while found := STRUCTURE.match(body, at):
        depth += 1 if found[1] in b"{[" else -1
        at = found.end()
        if depth == 0:
            return at
    raise msgspec.DecodeError("a bracket or a text has no end")


def _expect(text: bytes, expected: bytes) -> None:
    if text.strip() != expected:
        raise msgspec.DecodeError("there is something else beside the records")
