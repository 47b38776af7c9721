"""Rehearses compose.yaml on this machine. `--json`: the last line is an object for programs."""

import argparse
import json
import pathlib
import shutil
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import programs
from plan import Plan
from practice import Practice
from process import Failure, Running
from watching import Watch

PATIENCE_S = 180
GRACE_S = 40
JOB_PATIENCE_S = 1200


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print an object for programs as the last line")
    arguments.add_argument("--scale", action="append", default=[], metavar="SERVICE=N", help="as docker compose up --scale")
    arguments.add_argument(
        "--kill", action="append", default=[], metavar="NAME", help="SIGKILL for an instance, such as front-1; mail must flow all the same")
    arguments.add_argument("--run", action="append", default=[], metavar="SERVICE", help="run a job of another profile, too: load")
    arguments.add_argument(
        "--stay", action="store_true", help="then let it run, and take commands from standard input, such as kill front-1")
    arguments.add_argument("--keep", action="store_true", help="keep the folder with logs and state")
    options = arguments.parse_args()
    scales = {name: int(count) for name, _, count in (text.partition("=") for text in options.scale)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        programs.require()
    except programs.Unavailable as error:
        print(f"*** SKIPPED: the rehearsal: {error}", file=sys.stderr)
        if options.json:
            print(json.dumps({"ok": False, "problem": str(error), "services": []}))
        return 69
    folder = pathlib.Path(tempfile.mkdtemp(prefix="poste-rehearsal-"))
    rehearsal = Rehearsal(folder, options, scales)
    problem = None
    try:
        rehearsal.go()
    except (Failure, RuntimeError) as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "interrupted"
    finally:
        untidy = rehearsal.end()
        problem = problem or (f"had to be killed: {', '.join(untidy)}" if untidy else None)
        if not options.keep and problem is None:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"\nThe rehearsal failed: {problem}\nState and logs: {folder}" if problem else "\nDone.")
    if options.json:
        print(json.dumps({"ok": problem is None, "problem": problem, **rehearsal.report()}), flush=True)
    return 1 if problem else 0


def say(text):
    print(text, flush=True)


def deposits(front):
    """How many deposits a front has stored, by its own count."""
    with urllib.request.urlopen(f"http://{front.address}:9400/metrics", timeout=5) as answer:
        found = re.search(r'^poste_deposits_total\{outcome="stored"\} (\d+)', answer.read().decode(), re.M)
    return int(found[1]) if found else 0


class Rehearsal:
    def __init__(self, folder, options, scales):
        self.kills, self.extras, self.stays = options.kill, options.run, options.stay
        self.began = time.monotonic()
        self.running = {}
        self.order = []
        self.letters = {"sent": 0, "received": 0}
        self.drills = []
        self.targets = None
        self.plan = Plan(folder, scales, {})
        self.left_out = self.plan.left_out = programs.missing(self.plan.services)
        self.wanted = [name for name, service in self.plan.services.items() if not service.get("profiles")]

    def go(self):
        for name in self.wanted:
            if name in self.left_out:
                say(f"   skipped  {name}: {self.left_out[name]}")
        deadline = time.monotonic() + PATIENCE_S
        while not all(self._is_up(name) for name in self.wanted):
            if time.monotonic() > deadline:
                waiting = [r for name in self.running for r in self.running[name] if not r.satisfied()]
                raise Failure(f"{waiting[0].instance.name} is not healthy after {PATIENCE_S} s: {waiting[0].reason}", waiting[0])
            for name in self.wanted:
                if name not in self.running and name not in self.left_out and self._may_start(name):
                    self._start(name)
            self._look()
            time.sleep(0.1)
        self._send_and_receive()
        self._balanced()
        self._scraped()
        for name in self.kills:
            self._drill(name)
        for name in self.extras:
            self._extra(name)
        if self.stays:
            Practice(self, say).run()

    def _may_start(self, name):
        return all(self._is_up(needed) for needed in self.plan.services[name].get("depends_on", {}))

    def _is_up(self, name):
        if name in self.left_out:
            return True
        return name in self.running and all(running.satisfied() for running in self.running[name])

    def _start(self, name):
        self.running[name] = []
        for instance in self.plan.instances[name]:
            command, environment = programs.prepare(instance)
            try:
                running = Running(instance, command, environment)
            except OSError as error:
                raise Failure(f"{instance.name} cannot be started: {error}") from error
            self.running[name].append(running)
            self.order.append(running)

    def _look(self):
        for running in self.order:
            known = running.healthy_after is not None
            running.look()
            if not known and running.healthy_after is not None:
                what = "done   " if running.is_job else "healthy"
                say(f"{time.monotonic() - self.began:6.1f} s  {what}  {running.instance.name:<14} {running.instance.address}")

    def _send_and_receive(self):
        """The profile `demo`: a text from Alice to Bob, through the load balancer."""
        self._start("demo")
        demo = self.running["demo"][0]
        deadline = time.monotonic() + 120
        while demo.status is None:
            if time.monotonic() > deadline:
                raise Failure("the demo has not ended after 120 s", demo)
            time.sleep(0.1)
        demo.look()
        text = demo.log.read_text(errors="replace")
        if "receipt " not in text or "(verified)" not in text:
            raise Failure("the demo sent or received nothing", demo)
        self._count(1, 1)
        say(f"{time.monotonic() - self.began:6.1f} s  a text went from Alice to Bob")
        return demo

    def _count(self, sent, received):
        self.letters = {"sent": self.letters["sent"] + sent, "received": self.letters["received"] + received}

    def _balanced(self):
        """Deposits of one sender, on one connection, go through every front."""
        fronts = [running.instance for running in self.running["front"]]
        if "lb" in self.left_out or len(fronts) < 2:
            return
        before = [deposits(front) for front in fronts]
        demo = self.plan.instances["demo"][0]
        files = [demo.folder / f"letter-{number}.txt" for number in range(32)]
        for file in files:
            file.write_text(f"This is {file.name}.\n")
        domain = demo.environment()["DOMAIN"]
        self._poste(demo, "send", "--from", f"sip:alice@{domain}", "--to", f"sip:bob@{domain}", *map(str, files))
        received = self._poste(demo, "receive", "--as", f"sip:bob@{domain}").count("(verified)")
        self._count(len(files), received)
        shares = [deposits(front) - count for front, count in zip(fronts, before)]
        if received != len(files) or not all(shares):
            raise Failure(f"of {len(files)} texts {received} came; the fronts took {shares}")
        say(f"{time.monotonic() - self.began:6.1f} s  {received} texts of one connection went through the fronts: {shares}")

    def _poste(self, instance, *words):
        done = subprocess.run(
            ["poste", *words], env=instance.environment(), cwd=instance.folder, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failure(f"poste {words[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _drill(self, name):
        """Kills an instance, and sends and receives without it."""
        victim = next((running for running in self.order if running.instance.name == name), None)
        if victim is None:
            raise Failure(f"nothing is called {name}")
        victim.is_killed = True
        victim.signal(signal.SIGKILL)
        began = time.monotonic()
        say(f"{began - self.began:6.1f} s  killed   {name}")
        self._send_and_receive()
        self.drills.append({"killed": name, "seconds": round(time.monotonic() - began, 1)})

    def _extra(self, name):
        """Runs a job of another profile to its end."""
        say(f"{time.monotonic() - self.began:6.1f} s  {name} runs")
        self._start(name)
        job = self.running[name][0]
        deadline = time.monotonic() + JOB_PATIENCE_S
        while job.status is None:
            if time.monotonic() > deadline:
                raise Failure(f"{name} has not ended after {JOB_PATIENCE_S} s", job)
            time.sleep(0.2)
        job.look()
        say(f"{time.monotonic() - self.began:6.1f} s  {name} has ended well\n{job.tail(30)}")

    def _scraped(self):
        """Whether Prometheus sees every role, and the dashboard shows something."""
        if "prometheus" not in self.running:
            return
        watch = Watch(self.running["prometheus"][0])
        wanted = {name: len(self.plan.instances[name]) for name in ("front", "deliver", "kms", "lb") if name not in self.left_out}
        self.targets = watch.targets(wanted)
        count = watch.dashboard()
        say(f"{time.monotonic() - self.began:6.1f} s  Prometheus scrapes " + ", ".join(f"{n} {c}" for n, c in wanted.items())
            + f"; all {count} queries of the dashboard are answered")

    def end(self):
        """Ends everything in the reverse order, and says who had to be killed."""
        untidy, told = [], {}
        while any(running.status is None for running in self.order):
            for running in self.order:
                if running.status is not None or self._is_needed(running):
                    continue
                if running not in told:
                    told[running] = time.monotonic()
                    running.signal(signal.SIGTERM)
                elif time.monotonic() - told[running] > GRACE_S and running.instance.name not in untidy:
                    untidy.append(running.instance.name)
                    running.signal(signal.SIGKILL)
            time.sleep(0.05)
        return untidy

    def _is_needed(self, running):
        """Whether somebody runs who waited for it at the start, directly or for somebody who did."""
        return any(other.status is None and running.instance.service in self.plan.needs(other.instance.service) for other in self.order)

    def report(self):
        services = [
            {
                "name": running.instance.name, "service": running.instance.service, "command": " ".join(running.command),
                "image": running.instance.definition["image"], "healthy": running.healthy_after is not None,
                "seconds": round(running.healthy_after, 1) if running.healthy_after is not None else None,
            }
            for running in {running.instance.name: running for running in self.order}.values()
        ]
        services += [
            {"name": name, "service": name, "command": None, "healthy": None, "skipped": reason}
            for name, reason in self.left_out.items() if name in self.wanted
        ]
        return {
            "services": services, "letters": self.letters, "scraped": self.targets, "drills": self.drills,
            "seconds": round(time.monotonic() - self.began, 1),
        }


if __name__ == "__main__":
    sys.exit(main())
