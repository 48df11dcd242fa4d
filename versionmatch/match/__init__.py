"""What the numbers mean: cues, calibration, judgement and words."""
