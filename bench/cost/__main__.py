"""`python -m bench.cost`: count what a decision costs, and compare it with what is kept.

Nothing here is measured in time, so no other load on the machine shows. Instructions, calls and
the size of a question are the same in every run; what OPA allocates varies by 0.1 %.
"""

from __future__ import annotations

import argparse
import sys

from .counts import KEPT, MODULE, OPA, SDK, Counts, load_counts, rises, save_counts, table
from .engines import ModuleMeter, count_opa
from .questions import NAMES
from .sdk import count_sdk


def main(arguments: list[str] | None = None) -> int:
    """Count, print, and return 1 where something costs more than is kept."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cost", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--keep", action="store_true", help=f"write the counts to {KEPT.name}")
    parser.add_argument(
        "--only", choices=(OPA, MODULE, SDK), action="append", help="one of the three meters"
    )
    options = parser.parse_args(arguments)
    wanted = options.only or (OPA, MODULE, SDK)
    found: Counts = {}
    if OPA in wanted:
        found[OPA] = count_opa(NAMES)
    if MODULE in wanted:
        meter = ModuleMeter()
        found[MODULE] = {name: {"instructions": meter.count(name)} for name in NAMES}
    if SDK in wanted:
        found[SDK] = count_sdk()
    before = load_counts() if KEPT.exists() else {}
    print(*table(found, before), sep="\n")
    if options.keep:
        save_counts(found)
        return 0
    more = [
        rise for meter, counts in found.items() for rise in rises(counts, before.get(meter, {}))
    ]
    print(*more, sep="\n")
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
