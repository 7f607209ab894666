"""``python -m beimingwu`` is the `beimingwu` command."""

from beimingwu.cli import main

main()
