#!/bin/sh
# Bring what the rendered sound of the versions factory needs beside the extra [train]: FluidSynth's library and five
# General MIDI banks (on Debian, as root; some 330 MB on disk), or with `small` two of them (30 MB), enough for the tests.
# Nothing here is needed to use the package; what cannot be had is said, and the tests that need it are skipped.
set -u
PACKAGES="libfluidsynth3 fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont fluidr3mono-gm-soundfont musescore-general-soundfont-small"
[ "${1:-}" = small ] && PACKAGES="libfluidsynth3 timgm6mb-soundfont fluidr3mono-gm-soundfont"
missing=""
for package in $PACKAGES; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing …"
    (apt-get update && apt-get install -y --no-install-recommends $missing) >/dev/null 2>&1 || echo "these could not be installed, and renders need them:$missing"
elif command -v apt-get >/dev/null 2>&1; then
    echo "not installed, and renders need them:$missing; run as root: apt-get install --no-install-recommends$missing"
else
    echo "no apt-get found: renders need FluidSynth's library 2.x, and soundfonts where Debian keeps them (see versionmatch/factory/soundfonts.py)"
fi
exit 0
