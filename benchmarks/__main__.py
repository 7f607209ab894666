"""Print every benchmark beside its bar: ``python -m benchmarks`` (`make bench`)."""

from __future__ import annotations

from benchmarks import images, market, reuse, runtime, specification, texts, web
from benchmarks._table import machine, print_rows
from benchmarks.dock.__main__ import run as dock
from benchmarks.experiments._stored import stored_rows
from benchmarks.quality.__main__ import run as quality


def main() -> None:
    """Run all benchmarks, those of time first, while the machine is quiet."""
    print(machine())
    for title, run in (
        ("specifications", specification.run),
        ("specifications of texts", texts.run),
        ("specifications of images (K = 50)", images.run),
        ("market", market.run),
        ("reuse", reuse.run),
    ):
        print_rows(title, run())
    dock()
    print_rows("the web app", web.run())
    print_rows("quality", quality())
    experiments = stored_rows()
    if experiments:
        print_rows("experiments, as stored by their last runs", experiments)
    else:
        print("\nexperiments: none has been run here; python -m benchmarks.experiments text takes some minutes")
    # Last: the hostile learnwares take all that the machine has.
    print_rows("running learnwares", runtime.run())


if __name__ == "__main__":
    main()
