"""Fetch the course's data, list them, or say where they lie.

Usage: ``python -m gru_data fetch [NAME...]``, ``list`` or ``path [NAME]``.
"""

import argparse
import functools
import sys

from gru_data import cache, fetching
from gru_data.errors import FETCH, DataError
from gru_data.registry import data_sets, describe


def main(arguments=None):
    """Do what the command line asks.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line by default.

    Returns
    -------
    int
        0 if all is well, 1 if the data cannot be had, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(prog="python -m gru_data", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what, number in (
        ("fetch", "download what is missing (by default all)", "*"),
        ("list", "say what each data set is and whether it is there", "*"),
        ("path", "print the folder of the cache, or of one data set", "?"),
    ):
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("names", nargs=number, metavar="NAME", help="name of a data set")
    options = parser.parse_args(arguments)
    names = [options.names] if isinstance(options.names, str) else options.names or []
    try:
        chosen = [describe(name) for name in names]
    except ValueError as error:
        parser.error(str(error))
    try:
        {"fetch": _fetch, "list": _list, "path": _path}[options.command](chosen)
    except (DataError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Interrupted; nothing half-done is left. Run `{FETCH}` to go on.", file=sys.stderr)
        return 130
    return 0


def _fetch(chosen):
    fetching.fetch(chosen or data_sets(), say=functools.partial(print, flush=True))


def _list(chosen):
    for description in chosen or data_sets():
        counts = ", ".join(f"{number:,} {what}" for what, number in description.counts.items())
        state = f"in {cache.home() / description.name}" if cache.is_whole(description) else f"missing: run `{FETCH}`"
        print(f"{description.name}: {description.title}")
        for word, text in (
            ("state", state),
            ("counts", counts),
            ("source", description.source),
            ("licence", description.licence),
            ("reference", description.reference),
        ):
            print(f"  {word:<10}{text}")


def _path(chosen):
    print(cache.home() / chosen[0].name if chosen else cache.home())


if __name__ == "__main__":
    sys.exit(main())
