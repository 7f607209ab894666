#!/bin/sh
# Install Chromium for the tests in a real browser, where none is. Never fails: the tests say what is missing.
for browser in chromium google-chrome google-chrome-stable chromium-browser; do
  # Ubuntu has a command of this name that only tells to install a snap.
  "$browser" --version >/dev/null 2>&1 && exit 0
done
exec "$(dirname "$0")/install_program.sh" chromium chromium "the tests in a browser need one: install Chromium or \
Chrome, or run 'npx playwright install --with-deps chromium' in frontend/"
