"""What the checks found."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Report:
    """Faults, and checks that could not be made."""

    def __init__(self):
        self.faults, self.skipped, self.passed = [], [], []

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def skip(self, what, remedy):
        self.skipped.append(f"{what}: {remedy}")

    def expect(self, condition, where, what):
        if not condition:
            self.fault(where, what)

    def section(self, name, body):
        """Runs one group of checks, and says how it went."""
        before = len(self.faults)
        body(self)
        if len(self.faults) == before:
            self.passed.append(name)
        print(f"{'ok    ' if len(self.faults) == before else 'FAULTY'} {name}", flush=True)

    def run(self, where, *command, remedy, cwd=ROOT, environment=None):
        """Runs a program that checks something; says so where it is not there. Its output when all is well."""
        if shutil.which(command[0]) is None:
            self.skip(f"{where} with {command[0]}", remedy)
            return None
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            self.fault(where, f"{command[0]} says:\n{done.stdout}{done.stderr}".rstrip())
            return None
        return done.stdout

    def finish(self):
        for skipped in self.skipped:
            print(f"*** SKIPPED: {skipped}", file=sys.stderr)
        for fault in self.faults:
            print(f"FAULT: {fault}", file=sys.stderr)
        print(f"{len(self.passed)} passed, {len(self.faults)} failed, {len(self.skipped)} skipped")
        return 1 if self.faults else 0
