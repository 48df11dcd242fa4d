"""Why an input is not in the catalogue: the codes, what each means, and whether trying again could help."""

from __future__ import annotations

REASONS = {
    "empty_file": "the file has no bytes",
    "not_audio": "its content is no sound in a known format",
    "unreadable_io": "the file cannot be opened or read",
    "decoder_error": "its sound is broken: pages, frames or headers are damaged",
    "decoder_disagree": "two decoders, or the decoder and the file's frames, give different lengths",
    "score_error": "it is a score that cannot be read: damaged, or without notes",
    "decoder_missing": "decoding it needs an optional dependency that is not installed",
    "truncated": "its end is missing",
    "duration_mismatch": "it holds less or more sound than its container states",
    "too_short": "it is shorter than 3 s, or audible for less",
    "too_long": "it is longer than the limit",
    "decode_bomb": "it is longer than the limit, and many hundred times larger than its file",
    "timeout": "decoding or analysing it took longer than the deadline",
    "memory_cap": "decoding or analysing it took more memory than allowed",
    "nonfinite": "some of its samples are no finite numbers",
    "silent": "it is silent",
    "dc_only": "it is a constant",
    "mono_sum_cancel": "its channels cancel each other out when they are averaged",
    "bad_sample_rate": "its sample rate is out of bounds",
    "bad_channels": "it has too many channels",
    "too_large": "the file has more bytes than the limit",
    "symlink_refused": "it is a symbolic link",
    "special_file": "it is a folder, a device or a pipe",
    "path_unsafe": "its name cannot be written down as text",
    "playlist_refused": "it is a playlist; nothing it names is opened",
    "encrypted_drm": "its sound is encrypted",
    "changed_during_read": "the file changed while it was read",
    "internal_error": "analysing it failed; this is a defect of the program or of a plugin",
}
"""The codes of quarantine, and what each means."""

PASSING = frozenset(
    {"unreadable_io", "decoder_missing", "timeout", "memory_cap", "changed_during_read", "internal_error"}
)
"""What another try may mend; the others are the same for the same bytes, and are not decoded again."""

SKIPPED = {
    "removed": "the recording was removed from the catalogue",
    "not_sound_by_name": "its name's ending is that of pictures, texts or lists",
    "no_score": "it is a table or XML that holds no score",
    "hidden": "its name begins with a dot",
    "inside_catalogue": "it lies inside the catalogue's own folder",
}
"""The rules by which an input is passed over."""
