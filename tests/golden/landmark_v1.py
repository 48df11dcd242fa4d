"""Make the golden file of ``landmark-v1``: ``python -m tests.golden.landmark_v1``; only ever for a new version."""

from dataclasses import replace
from pathlib import Path

from tests.fingerprint.examples import audio, sound
from versionmatch.fingerprint.landmarks import landmarks
from versionmatch.store.artefacts import ArtefactStore

if __name__ == "__main__":
    peaks = replace(landmarks(audio(sound(3, 12.0))), settings="golden")
    ArtefactStore(Path(__file__).parent).save("landmark-v1", "peaks", "golden", peaks)
    print(len(peaks), peaks.n_frames)
