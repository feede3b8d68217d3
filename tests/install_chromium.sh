#!/bin/sh
# Makes sure that the browser tests find a Chromium: Debian's, installed here where it is absent and we may.
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Debian's Chromium for the browser tests"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
echo "The browser tests need Chromium and none was found. Install it, then run make test again:" >&2
echo "    sudo apt-get install chromium      (Debian, Ubuntu)" >&2
echo "To run the other tests alone: .venv/bin/python -m pytest -m 'not browser and not slow'" >&2
exit 1
