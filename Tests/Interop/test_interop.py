#!/usr/bin/env python3
"""A client written from docs/protocol.md alone, against the vectors and against running services.

python3 test_interop.py --poste ../../.build/release/poste [--only WORD] [--verbose]
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time
import traceback

try:
    import client  # noqa: F401 (asks for grpcio, protobuf, grpcio-reflection and cryptography)
except ImportError as error:
    print(f"SKIPPED: {error}. Get it with: pip install grpcio protobuf grpcio-reflection cryptography")
    sys.exit(77)

import good_checks
import hostile_deposits
import hostile_keys
import hostile_messages
import hostile_relay
import hostile_streams
import vectors
from lab import Lab

HOSTILE = hostile_messages.ALL + hostile_deposits.ALL + hostile_streams.ALL + hostile_keys.ALL + hostile_relay.ALL


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--poste", required=True, help="the built command")
    parser.add_argument("--only", default="", help="run the checks whose names contain this")
    parser.add_argument("--verbose", action="store_true", help="show messages and where checks fail")
    options = parser.parse_args()
    outcomes = []

    def run(name, action, *arguments):
        if options.only not in name:
            return
        start = time.monotonic()
        try:
            action(*arguments)
            fault = ""
        except Exception as error:
            fault = f": {type(error).__name__}: {error}"
            if options.verbose:
                traceback.print_exc()
        outcomes.append(not fault)
        print(f"{'FAILED' if fault else 'passed'} {name} ({time.monotonic() - start:.1f} s){fault}", flush=True)

    for name, action in vectors.ALL:
        run("vectors: " + name, action)
    with tempfile.TemporaryDirectory(prefix="poste-interop-") as folder:
        with Lab(os.path.abspath(options.poste), pathlib.Path(folder) / "test-level", 1024, options.verbose) as lab:
            for name, action in good_checks.ALL:
                run("good: " + name, action, lab)
            for name, action in HOSTILE:
                run("hostile: " + name, action, lab)
                if options.only in "hostile: " + name:
                    run("hostile: " + name + ": good mail still passes", good_checks.still_works, lab)
            for name, action in good_checks.LAST:
                run("good: " + name, action, lab)
        if options.only in "level 3072":
            with Lab(os.path.abspath(options.poste), pathlib.Path(folder) / "level-3072", 3072, options.verbose) as lab:
                run("level 3072: Python to Python", good_checks.still_works, lab)
                run("level 3072: Python to Swift", good_checks.python_to_swift, lab)
                run("level 3072: Swift to Python", good_checks.swift_to_python, lab)
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
