#!/bin/sh
# Bring what the report's browser tests need: a Chromium (on Debian, as root) and axe-core (where npm is).
# Nothing here is needed to use the package; what cannot be had is said, and its tests are skipped.
set -u
cd "$(dirname "$0")/.."
if ! command -v chromium >/dev/null 2>&1 && ! command -v chromium-browser >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing Chromium for the report's tests …"
        (apt-get update && apt-get install -y --no-install-recommends chromium) >/dev/null 2>&1 || echo "Chromium could not be installed: browser tests are skipped"
    else
        echo "no Chromium found: browser tests are skipped"
    fi
fi
if [ ! -f .venv/node_modules/axe-core/axe.min.js ]; then
    if command -v npm >/dev/null 2>&1; then
        npm install --silent --no-audit --no-fund --no-save --no-package-lock --prefix .venv axe-core@4 >/dev/null 2>&1 || echo "axe-core could not be installed: the accessibility test is skipped"
    else
        echo "no npm found: the accessibility test is skipped"
    fi
fi
exit 0
