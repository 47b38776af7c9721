"""One instance, from start to end."""

import ctypes
import os
import signal
import subprocess
import time
import urllib.request


def _end_with_parent():
    # Whatever ends this rehearsal, even SIGKILL, ends what it started.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Running:
    """A process of an instance, and what its health checks say."""

    def __init__(self, instance, command, environment):
        self.instance, self.command = instance, command
        self.log = instance.folder / "log"
        self.started = time.monotonic()
        self.healthy_after = None
        self._next_check = 0.0
        self.reason = "it has not been asked yet"
        # Set where we ended it ourselves, for a drill.
        self.is_killed = False
        with open(self.log, "ab") as log:
            # In a group of its own: Ctrl-C is for us, and we end it.
            self.process = subprocess.Popen(
                command, env=environment, cwd=instance.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_end_with_parent)
        self.environment = environment

    @property
    def status(self):
        return self.process.poll()

    @property
    def is_job(self):
        return "healthcheck" not in self.instance.definition

    def satisfied(self):
        """Whether those who wait for it may start."""
        if self.is_job:
            return self.status == 0
        return self.healthy_after is not None

    def look(self):
        """Runs the health check when it is due. Throws when the process has ended and should not have."""
        if self.is_killed:
            return
        if self.is_job:
            if self.status not in (None, 0):
                raise Failure(f"{self.instance.name} ended with {self.status}", self)
            if self.status == 0 and self.healthy_after is None:
                self.healthy_after = time.monotonic() - self.started
            return
        if self.status is not None:
            raise Failure(f"{self.instance.name} ended with {self.status}", self)
        if self.healthy_after is None and time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + 1
            if self.is_healthy():
                self.healthy_after = time.monotonic() - self.started

    def is_healthy(self):
        command = self.instance.health_check()
        if command[0] == "wget":
            # Not on every machine, and easily done without.
            try:
                with urllib.request.urlopen(command[-1], timeout=3) as answer:
                    return answer.status == 200
            except OSError as error:
                self.reason = str(error)
                return False
        try:
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=10)
        except (subprocess.TimeoutExpired, OSError) as error:
            self.reason = str(error)
            return False
        self.reason = (done.stdout + done.stderr).strip()
        return done.returncode == 0

    def signal(self, number):
        """Sends a signal to the process, where it still runs."""
        if self.status is None:
            os.kill(self.process.pid, number)

    def tail(self, lines=12):
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"    {line[:300]}" for line in text[-lines:])


class Failure(Exception):
    """What went wrong, and whose log tells more."""

    def __init__(self, what, running=None):
        super().__init__(what if running is None else f"{what}. The end of its log:\n{running.tail()}")
