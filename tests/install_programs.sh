#!/bin/sh
# Makes sure that the tests find the programs that they drive: Debian's, installed here where they are absent and we may.
# Without Chromium no test runs; with the argument `all` ffmpeg and PostgreSQL are wanted, too, whose tests skip without them.
has() {
    case "$1" in
        chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
        postgresql) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

wanted="chromium"
[ "${1:-}" = all ] && wanted="chromium ffmpeg postgresql"
missing=""
for program in $wanted; do has "$program" || missing="$missing $program"; done
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests:$missing"
    # The names of the programs are those of Debian's packages.
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
fi
if ! has chromium; then
    echo "The browser tests need Chromium and none was found. Install it, then run make test again:" >&2
    echo "    sudo apt-get install chromium      (Debian, Ubuntu)" >&2
    echo "To run the other tests alone: .venv/bin/python -m pytest -m 'not browser and not slow'" >&2
    exit 1
fi
for program in $wanted; do
    has "$program" || echo "Tests that need $program will be skipped: install it to run them, too" >&2
done
