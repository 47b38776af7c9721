#!/usr/bin/env python3
"""A client written from docs/protocol.md alone, against the vectors and against running services.

python3 test_interop.py --poste ../../.build/release/poste [--only WORD] [--verbose]
"""

import argparse
import os
import pathlib
import signal
import sys
import tempfile
import time
import traceback

try:
    import client  # noqa: F401 (asks for grpcio, protobuf, grpcio-reflection and cryptography)
    import collector  # noqa: F401 (and for opentelemetry-proto)
except ImportError as error:
    print(f"SKIPPED: {error}. Get it with: pip install grpcio protobuf grpcio-reflection cryptography opentelemetry-proto")
    sys.exit(77)

import good_checks
import hostile_deposits
import hostile_keys
import hostile_messages
import hostile_relay
import hostile_streams
import trace_checks
import vectors
from lab import Lab

HOSTILE = hostile_messages, hostile_deposits, hostile_streams, hostile_keys, hostile_relay


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--poste", required=True, help="the built command")
    parser.add_argument("--only", default="", help="run the checks whose names contain this")
    parser.add_argument("--verbose", action="store_true", help="show messages and where checks fail")
    options = parser.parse_args()
    outcomes = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too

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

        def lab(name, level=1024):
            return Lab(os.path.abspath(options.poste), pathlib.Path(folder) / name, level, options.verbose)

        def wanted(prefix, checks):
            return any(options.only in prefix + name for name, _ in checks)

        if wanted("good: ", good_checks.ALL + good_checks.LAST):
            with lab("good") as good:
                for name, action in good_checks.ALL + good_checks.LAST:
                    run("good: " + name, action, good)
        if wanted("traces: ", trace_checks.ALL):
            with lab("traces") as traces:
                for name, action in trace_checks.ALL:
                    run("traces: " + name, action, traces)
        # each in a cluster of its own, since a front takes only so many exchanges a minute from one address
        for module in HOSTILE:
            if wanted("hostile: ", module.ALL):
                with lab(module.__name__) as hostile:
                    for name, action in module.ALL:
                        run("hostile: " + name, action, hostile)
                        if options.only in "hostile: " + name:
                            run("hostile: " + name + ": good mail still passes", good_checks.still_works, hostile)
        if options.only in "level 3072":
            with lab("level-3072", 3072) as full:
                run("level 3072: Python to Python", good_checks.still_works, full)
                run("level 3072: Python to Swift", good_checks.python_to_swift, full)
                run("level 3072: Swift to Python", good_checks.swift_to_python, full)
    print(f"{sum(outcomes)} passed, {len(outcomes) - sum(outcomes)} failed")
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
