"""``python -m bench intake|pages|rotation|search``: runs one benchmark; ``--help`` after its name lists its options."""

import sys
from importlib import import_module

NAMES = ("intake", "pages", "rotation", "search")


def main() -> None:
    """Hands the arguments to the benchmark of that name; without one runs them all."""
    name, *arguments = sys.argv[1:] or [""]
    if name and name not in NAMES:
        sys.exit(f"usage: python -m bench {'|'.join(NAMES)} [options]")
    for chosen in [name] if name else NAMES:
        import_module(f"bench.{chosen}").main(arguments)


if __name__ == "__main__":
    main()
