"""Starts and stops `poste dev` in a folder of its own, enrols people there, and says what is expected of an answer."""

import json
import os
import secrets
import subprocess
import time

import grpc

import mikey
from client import Account, Server


class Lab:
    def __init__(self, poste, folder, level, verbose=False, options=()):
        self.poste, self.folder, self.level, self.verbose, self.options = poste, folder, level, verbose, options
        folder.mkdir()
        self.cluster, self.log = folder / "cluster", open(folder / "log", "a")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        local = "127.0.0.1:0"
        command = [self.poste, "dev", "--cluster", self.cluster, "--home", self.folder / "home", "--ready-file", ready]
        command += ["--kms-listen", local, "--front-listen", local, "--level", str(self.level)]
        command += ["--domain", "example.com", "--domain", "other.example", *self.options]
        self.process = subprocess.Popen(command + self.test_level, stdout=self.log, stderr=self.log)
        addresses = self.addresses = self.notice(ready)
        roots = (self.cluster / "ca.pem").read_bytes()
        self.kms, self.front = Server(addresses["kms"], roots), Server(addresses["front"], roots)
        self.token = (self.cluster / "kms" / "enrolment.token").read_text().strip()

    def notice(self, ready):
        """The addresses of what was started, once it serves."""
        deadline = time.monotonic() + 60
        while not ready.exists() or not ready.read_text().endswith("}"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("poste does not start: " + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)
        return json.loads(ready.read_text())["addresses"]

    def stop(self, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(timeout=20)
        self.kms.channel.close()
        self.front.channel.close()

    @property
    def test_level(self):
        return ["--insecure-test-level"] if self.level == 1024 else []

    def name(self, user, domain="example.com"):
        return f"sip:{user}-{secrets.token_hex(4)}@{domain}"

    def person(self, user, domain="example.com"):
        return Account.enrol(self.kms, self.front, self.token, self.name(user, domain))

    def run(self, *arguments, status=0):
        """Runs the command as somebody of a home of his own; the objects that it prints."""
        done = subprocess.run(
            [self.poste, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=60, cwd=self.folder
        )
        if self.verbose:
            print(done.stdout, done.stderr)
        right = done.returncode in (1, 65, 69, 76, 77) if status == "failure" else done.returncode == status
        assert right, f"status {done.returncode} of {arguments[0]}: {done.stderr.strip()}"
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def swift_person(self, user, *places):
        """`places` are options that say where the services are; without them `poste` finds them by itself."""
        name, home = self.name(user), self.folder / secrets.token_hex(4)
        places = places or ("--endpoints", self.cluster / "endpoints.json")
        self.run("enroll", name, "--home", home, *places, *self.test_level)
        return name, home

    # What is expected

    def fails(self, codes, action, *words):
        """The call must fail with one of these codes and a message."""
        codes = codes if isinstance(codes, tuple) else (codes,)
        try:
            answer = action()
        except grpc.RpcError as error:
            if self.verbose:
                print("   ", error.code().name, error.details())
            assert error.code().name in codes, f"{error.code().name} ({error.details()}), not {' or '.join(codes)}"
            assert len(error.details()) > 8, "no message that names the fault"
            for word in words:
                assert word in error.details(), f"'{word}' is not in '{error.details()}'"
            return error.details()
        raise AssertionError(f"answered, not {' or '.join(codes)}: {answer!r:.80}")

    def error(self, numbers, octets, sent):
        """The answer must be a MIKEY Error message of one of these numbers."""
        message = mikey.Message.parse(octets)
        numbers = numbers if isinstance(numbers, tuple) else (numbers,)
        if self.verbose:
            print("    Error", message.error)
        assert message.error is not None, f"answered with message {message.data_type}, not Error {numbers}"
        assert message.error in numbers, f"Error {message.error}, not {numbers}"
        assert message.csb_id == sent[4:8] and message.prf == sent[3] & 127 and not message.v_flag, "HDR of choice 18"
        assert [kind for kind, _ in message.payloads] == [mikey.T, mikey.ERR], "payloads of choice 18"
        age = time.time() - mikey.time_of(message.ntp).timestamp()
        assert abs(age) < 60, "T is not fresh"


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def checks(module_list):
    """A decorator that puts a function into a list under its name in words."""

    def named(words):
        def add(function):
            module_list.append((words, function))
            return function

        return add

    return named
