"""Slow twin of the Ogg page checksum: bit by bit, as RFC 3533 says it."""


def ogg_checksums(data):
    """(stored, counted, serial) of every page."""
    at, pages = 0, []
    while at < len(data):
        n = data[at + 26]
        end = at + 27 + n + sum(data[at + 27 : at + 27 + n])
        page = bytearray(data[at:end])
        stored = int.from_bytes(page[22:26], "little")
        page[22:26] = b"\0\0\0\0"
        pages.append((stored, _crc(page), int.from_bytes(page[14:18], "little")))
        at = end
    return pages


def _crc(page):
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register
