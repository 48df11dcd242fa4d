"""Where and how a version was recorded: which damages happen, and how far, by a person's rule of thumb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import FloatArray
from . import codec, damage, noise

SETTINGS: dict[str, float] = {"studio": 0.42, "live": 0.22, "home": 0.18, "disc": 0.1, "radio": 0.08}
"""How often each setting is drawn."""

CHANCES: dict[str, dict[str, float]] = {
    "studio": {"room": 0.85, "compress": 0.8, "codec": 0.08},
    "live": {"room": 0.95, "crowd": 0.8, "compress": 0.5, "noise": 0.3, "clip": 0.1, "codec": 0.08},
    "home": {"room": 0.8, "noise": 0.8, "hum": 0.3, "clip": 0.2, "limit": 0.4, "codec": 0.15, "drive": 0.1},
    "disc": {"room": 0.4, "limit": 0.9, "noise": 0.8, "crackle": 0.8, "wow": 0.8, "drive": 0.4, "compress": 0.3},
    "radio": {"room": 0.4, "limit": 1.0, "noise": 0.6, "hum": 0.3, "compress": 0.9, "drive": 0.3, "codec": 0.1},
}
"""How often each damage happens in a setting, at difficulty 1; at 0, none does."""

LIMITS_HZ = {"studio": (30, 7600), "live": (80, 6000), "home": (180, 5000), "disc": (150, 4000), "radio": (200, 3800)}
"""The band that is left, at difficulty 1."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Draws and applies the damages of one version.

    ``difficulty`` 0 (nothing happens) to 1. All chance is drawn from ``rng``, in a fixed order.
    """

    rng: np.random.Generator
    difficulty: float

    def applied(self, samples: FloatArray) -> FloatArray:
        """The sound as it reaches the listener; longer or shorter by the change of speed alone."""
        if self.difficulty <= 0:
            return samples
        setting = str(self.rng.choice(list(SETTINGS), p=list(SETTINGS.values())))
        happens = {name: self.rng.random() < p * self.difficulty**0.7 for name, p in CHANCES[setting].items()}
        return self._after(self._before(samples, happens), happens, LIMITS_HZ[setting])

    def _before(self, samples: FloatArray, happens: dict[str, bool]) -> FloatArray:
        """What happens before there is a recording: amplifiers, the room, the desk, the audience."""
        rng, d = self.rng, self.difficulty
        if happens.get("drive"):
            samples = damage.distort(samples, rng.uniform(0, 12 * d), rng.uniform(0, 0.4))
        if happens.get("room"):
            rt60_s = float(np.exp(rng.uniform(np.log(0.2), np.log(0.4 + 2.6 * d))))
            samples = damage.room(samples, rt60_s, rng.uniform(-18, -6 + 8 * d), rng)
        samples = damage.equalise(samples, self._bands())
        if happens.get("compress"):
            samples = damage.compress(samples, rng.uniform(-12, 3), 1 + rng.uniform(1, 7) * d, rng.uniform(0.05, 0.5))
        if happens.get("crowd"):
            samples = noise.added(samples, noise.crowd(samples.size, rng), self._snr(32, 5))
        return samples

    def _after(self, samples: FloatArray, happens: dict[str, bool], limits: tuple[float, float]) -> FloatArray:
        """What happens to the recording: its speed, its medium, its noise, its copies."""
        rng, d = self.rng, self.difficulty
        samples = damage.varispeed(samples, float(np.clip(rng.normal(0, 22 * d), -60, 60)))
        if happens.get("wow"):
            samples = damage.wow_and_flutter(samples, rng.uniform(3, 25 * d + 3), rng.uniform(1, 8 * d + 1), rng)
        for name, make, best in (("noise", noise.pink, 35), ("hum", noise.hum, 40), ("crackle", noise.crackle, 35)):
            if happens.get(name):
                kind = noise.white if name == "noise" and rng.random() < 0.4 else make
                samples = noise.added(samples, kind(samples.size, rng), self._snr(best, 4))
        if happens.get("limit"):
            low, high = (
                30 + (limits[0] - 30) * d * rng.uniform(0.3, 1),
                7600 - (7600 - limits[1]) * rng.uniform(0.5, 1) * d,
            )
            samples = damage.band_limit(samples, low, high)
        if happens.get("clip"):
            samples = damage.clip(samples, 10 ** rng.uniform(-4, -1.3) * d)
        if happens.get("codec"):
            name = str(rng.choice(list(codec.CODECS)))
            samples = codec.transcoded(samples, name, float(rng.uniform(0.5, 0.5 + 0.49 * d)))
        ends = rng.uniform(0, 6 * d, 2) * (rng.random(2) < 0.3)
        return damage.fade(samples, float(ends[0]), float(ends[1]))

    def _bands(self) -> list[damage.Band]:
        rng, d = self.rng, self.difficulty
        return [
            damage.Band("low", rng.uniform(80, 250), rng.normal(3 * d, 5 * d)),
            damage.Band("peak", float(np.exp(rng.uniform(np.log(200), np.log(3000)))), rng.normal(0, 4 * d), 1.0),
            damage.Band("high", rng.uniform(1500, 5000), rng.normal(0, 5 * d)),
        ]

    def _snr(self, best_db: float, worst_db: float) -> float:
        """A ratio of music to noise: near the best where it is easy, down to the worst at difficulty 1."""
        return float(best_db - (best_db - worst_db) * self.difficulty * self.rng.random() ** 0.7)
