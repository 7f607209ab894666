#!/bin/sh
# Install bubblewrap, the best sandbox for strangers' learnwares, where it is missing. Never fails.
exec "$(dirname "$0")/install_program.sh" bwrap bubblewrap "without it, learnwares run behind Landlock where the \
kernel has it; where it does not, only in containers or when 'none' is named as the sandbox"
