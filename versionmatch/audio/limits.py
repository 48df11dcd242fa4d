"""How large an input may be; every limit can be raised by the caller."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import LimitError, ParamsError


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused, with a LimitError that names the limit.

    Attributes
    ----------
    max_duration_s : float
        Length of the decoded sound. It is counted while decoding: what a header claims is not believed.
    max_bytes : int
        Size of the file or of the bytes.
    max_channels : int
        Number of channels.
    min_sr, max_sr : int
        The native sample rate, Hz.
    memory_s : float
        Not a refusal: sound longer than this is kept in a temporary file instead of memory.

    Examples
    --------
    >>> Limits(max_duration_s=600).max_duration_s
    600
    """

    max_duration_s: float = 6 * 3600.0
    max_bytes: int = 8 << 30
    max_channels: int = 64
    min_sr: int = 1000
    max_sr: int = 768_000
    memory_s: float = 20 * 60.0

    def __post_init__(self) -> None:
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ParamsError(f"{item.name} must be above 0; got {getattr(self, item.name)}")

    def check_size(self, source: str, n_bytes: int) -> None:
        """Raise LimitError where the input has more bytes than allowed."""
        if n_bytes > self.max_bytes:
            raise LimitError(source, limit="max_bytes", found=n_bytes, allowed=self.max_bytes, unit="bytes")

    def check_format(self, source: str, *, sr: int, channels: int) -> None:
        """Raise LimitError where the rate or the number of channels is out of bounds."""
        if channels > self.max_channels:
            raise LimitError(source, limit="max_channels", found=channels, allowed=self.max_channels, unit="channels")
        if sr > self.max_sr:
            raise LimitError(source, limit="max_sr", found=sr, allowed=self.max_sr, unit="Hz")
        if sr < self.min_sr:
            raise LimitError(source, limit="min_sr", found=sr, allowed=self.min_sr, unit="Hz", below=True)

    def check_duration(self, source: str, duration_s: float) -> None:
        """Raise LimitError where the sound is longer than allowed."""
        if duration_s > self.max_duration_s:
            raise LimitError(source, limit="max_duration_s", found=duration_s, allowed=self.max_duration_s, unit="s")
