"""compose.yaml as services on this machine: who they are, where they live, and their words in this machine's terms."""

import os
import pathlib
import re
import secrets

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def interpolated(value):
    """A value with its ${VARIABLE:-default} replaced and $$ made $, as Docker Compose does."""
    if isinstance(value, dict):
        return {key: interpolated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolated(item) for item in value]
    if not isinstance(value, str):
        return value

    def replacement(match):
        if match[0] == "$$":
            return "$"
        return os.environ.get(match[1]) or match[2] or ""

    return re.sub(r"\$\$|\$\{(\w+)(?::-([^}]*))?\}", replacement, value)


class Instance:
    """One container of a service: an address, and folders in the places of its mounts."""

    def __init__(self, plan, service, number, count, address):
        self.plan, self.service, self.number, self.address = plan, service, number, address
        self.name = service if count == 1 else f"{service}-{number}"
        self.definition = plan.services[service]
        self.folder = plan.folder / "instances" / self.name
        self.folder.mkdir(parents=True)
        self.mounts = {"/usr/local/lib/poste": ROOT / "deploy/compose/bin"}
        for mount in self.definition.get("volumes", []):
            self._mount(mount)
        for entry in self.definition.get("tmpfs", []):
            self.mounts[entry.split(":")[0]] = self._made(self.folder / "tmpfs" / entry.split(":")[0].strip("/"))

    @staticmethod
    def _made(path):
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _mount(self, mount):
        source, target = (mount["source"], mount["target"]) if isinstance(mount, dict) else mount.split(":")[:2]
        self.mounts[target] = ROOT / source if source.startswith("./") else self._made(self.plan.folder / "volumes" / source)

    def place(self):
        """Makes a folder that has all mounts where the container has them, for scripts that go through several."""
        root = self.folder / "root"
        for target, source in self.mounts.items():
            link = root / target.strip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(source)
        return root

    def words(self, text, replaces_whole=True):
        """A text of the container in this machine's terms: paths of mounts, addresses, names of services."""
        targets = "|".join(re.escape(target) for target in sorted(self.mounts, key=len, reverse=True))
        text = re.sub(rf"(?<![\w./-])({targets})(?![\w.-])", lambda match: str(self.mounts[match[0]]), text)
        text = re.sub(r"(?<![\d.])(0\.0\.0\.0|127\.0\.0\.1)(?![\d.])", self.address, text)
        for name, instances in self.plan.instances.items():
            address = self.plan.stand_in(name) or instances[0].address
            # Before a port, also behind // as in a URL; or alone, where the whole text is the name.
            text = re.sub(rf"(?:(?<![\w./-])|(?<=//)){re.escape(name)}(?=:\d)", address, text)
            if replaces_whole and text == name:
                text = address
        return text

    def environment(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("POSTE_", "KAFKA_"))}
        environment |= {key: self.words(str(value)) for key, value in self.definition.get("environment", {}).items()}
        return environment | {"STATE": str(self.place() / "var/lib/poste")}

    def command(self):
        """What the container runs: entry point and command."""
        definition = self.definition
        entry = definition.get("entrypoint", ["poste"] if definition["image"].startswith("poste") else [])
        words = definition.get("command", [])
        translated = [self.words(word) for word in words]
        # The name of a subcommand is no address, though a service has the same name.
        if entry == ["poste"] and words:
            translated[0] = words[0]
        return [self.words(word, replaces_whole=False) for word in entry] + translated

    def health_check(self):
        test = self.definition.get("healthcheck", {}).get("test")
        if test is None:
            return None
        words = [self.words(word, replaces_whole=False) for word in test[1:]]
        return ["sh", "-c", words[0]] if test[0] == "CMD-SHELL" else words


class Plan:
    """All services, with addresses in a loopback network of this run's own."""

    def __init__(self, folder, scales, left_out):
        self.folder = folder
        self.services = interpolated(yaml.safe_load((ROOT / "compose.yaml").read_text()))["services"]
        self.left_out = left_out
        network = f"127.{64 + secrets.randbelow(128)}.{secrets.randbelow(255)}"
        self.instances, next_host = {}, 10
        for service, definition in self.services.items():
            count = scales.get(service, definition.get("deploy", {}).get("replicas", 1))
            made = []
            for number in range(1, count + 1):
                made.append(Instance(self, service, number, count, f"{network}.{next_host}"))
                next_host += 1
            self.instances[service] = made

    def needs(self, service):
        """All services that must be there before this one."""
        direct = set(self.services[service].get("depends_on", {}))
        return direct.union(*(self.needs(name) for name in direct))

    def stand_in(self, service):
        """Where callers of a service go that is left out: callers of the load balancer go to a front."""
        return self.instances["front"][0].address if service == "lb" and "lb" in self.left_out else None
