"""A rehearsed cluster that stays, to practise on: takes commands in Docker's words, one a line."""

import signal
import subprocess
import sys
import time

import programs
from process import Running

HEALTHY_S = 120
STOPPED_S = 45

HELP = """   kill NAME      SIGKILL, as `docker kill poste-NAME-1`
   stop NAME      SIGTERM, and wait
   start NAME     start again what was killed or stopped, and wait until it is healthy; start NAME POSTE_CLOCK_OFFSET=900
   pause NAME     SIGSTOP;  unpause NAME  SIGCONT
   ps             who runs where, as which process
   end            end it all (or Ctrl-D)"""


class Practice:
    """What a person does to a rehearsal that runs."""

    def __init__(self, rehearsal, say):
        self.rehearsal, self.say = rehearsal, say
        self.paused = set()

    def run(self):
        self._tell()
        for line in sys.stdin:
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "end":
                break
            began = time.monotonic()
            try:
                outcome = self._do(*words)
            except (KeyError, TypeError, ValueError):
                outcome = f"'{line.strip()}' is not understood:\n{HELP}"
            except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
                outcome = str(error)
            self.say(f"{time.strftime('%H:%M:%S')}  {outcome} ({time.monotonic() - began:.1f} s)")
        for running in list(self.paused):
            running.signal(signal.SIGCONT)

    def _tell(self):
        first = {name: instances[0] for name, instances in self.rehearsal.plan.instances.items()}
        demo, load = first["demo"], first["load"]
        lb = self.rehearsal.plan.stand_in("lb") or first["lb"].address
        users, client = demo.mounts["/var/lib/poste/users"], load.mounts["/run/poste"]
        domain = demo.environment()["DOMAIN"]
        lines = [
            f"poste send --home {users} --from sip:alice@{domain} --to sip:bob@{domain} --text hello",
            f"poste receive --home {users} --as sip:bob@{domain}",
            f"poste load --kms {first['kms'].address}:7400 --front {lb}:7401 --roots {client}/ca.crt --token-file {client}/token",
            f"poste top --admin {first['front'].address}:9400 --admin {first['kms'].address}:9400",
        ]
        if "prometheus" in self.rehearsal.running:
            lines.append(f"http://{first['prometheus'].address}:9090/alerts")
        self.say("\nIt stays. In another terminal:\n\n" + "".join(f"    {line}\n" for line in lines) + "\nHere:\n\n" + HELP + "\n")
        self.say(self._list())

    def _do(self, word, name=None, *variables):
        if word == "ps":
            return self._list()
        running = self._named(name)
        if word == "kill":
            running.signal(signal.SIGKILL)
            running.process.wait()
            return f"{name} was killed"
        if word == "stop":
            running.signal(signal.SIGTERM)
            running.process.wait(STOPPED_S)
            return f"{name} ended with {running.status}"
        if word == "pause":
            running.signal(signal.SIGSTOP)
            self.paused.add(running)
            return f"{name} stands still"
        if word == "unpause":
            running.signal(signal.SIGCONT)
            self.paused.discard(running)
            return f"{name} goes on"
        if word == "start":
            return self._start(name, running, dict(variable.split("=", 1) for variable in variables))
        raise KeyError(word)

    def _named(self, name):
        for runnings in self.rehearsal.running.values():
            for running in runnings:
                if running.instance.name == name:
                    return running
        raise KeyError(name)

    def _start(self, name, old, variables):
        if old.status is None:
            return f"{name} runs already"
        command, environment = programs.prepare(old.instance)
        running = Running(old.instance, command, environment | variables)
        siblings = self.rehearsal.running[old.instance.service]
        siblings[siblings.index(old)] = running
        self.rehearsal.order.append(running)
        deadline = time.monotonic() + HEALTHY_S
        while running.status is None and time.monotonic() < deadline:
            if running.is_healthy():
                return f"{name} is healthy, process {running.process.pid}"
            time.sleep(0.2)
        return f"{name} is not healthy: {running.reason}\n{running.tail()}"

    def _list(self):
        return "\n".join(
            f"   {running.instance.name:<14} {running.instance.address:<16} "
            + (f"process {running.process.pid}" if running.status is None else f"ended with {running.status}")
            for runnings in self.rehearsal.running.values() for running in runnings if not running.is_job)
