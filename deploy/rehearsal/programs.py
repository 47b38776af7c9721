"""What this machine runs in place of an image."""

import functools
import glob
import os
import pathlib
import re
import shutil
import subprocess

import yaml

from plan import ROOT


def prepare(instance):
    """Command and environment of an instance; whatever its image would have made first is made."""
    image = instance.definition["image"]
    environment = instance.environment()
    if image.startswith("apache/kafka"):
        return _kafka(instance, environment), environment
    command = instance.command()
    if image.startswith("envoyproxy"):
        command = _with_copy(instance, command, "/etc/envoy/envoy.yaml", _envoy)
    elif image.startswith("prom/"):
        command = ["prometheus", *_with_copy(instance, command, "/etc/prometheus/prometheus.yml", _prometheus)]
    elif image.startswith("redis"):
        command = _with_copy(instance, command, "/etc/redis/redis.conf", None)
    return command, environment


def missing(services):
    """Services that cannot run here, with the reason."""
    found = {}
    for name, service in services.items():
        image = service["image"]
        if image.startswith("grafana"):
            found[name] = "Debian has no package of Grafana"
        elif image.startswith("envoyproxy") and not shutil.which("envoy"):
            found[name] = "there is no Envoy: callers go to a front directly"
        elif image.startswith("prom/") and not shutil.which("prometheus"):
            found[name] = "there is no Prometheus: apt-get install prometheus"
    return found


class Unavailable(Exception):
    """What cannot be had here, and without which nothing can be rehearsed."""


@functools.cache
def kafka_home():
    """Where Kafka is. Throws `Unavailable`."""
    found = subprocess.run([ROOT / "deploy/kafka", "find"], capture_output=True, text=True)
    if found.returncode != 0:
        raise Unavailable(found.stderr.strip())
    return pathlib.Path(found.stdout.strip().splitlines()[-1])


def require():
    """Throws `Unavailable` where a program is missing that no rehearsal can do without."""
    for program, remedy in (("poste", "make build"), ("redis-server", "apt-get install redis-server"), ("bash", "apt-get install bash")):
        if not shutil.which(program):
            raise Unavailable(f"there is no {program}: {remedy}")
    kafka_home()


def _with_copy(instance, command, path, change):
    """The command, with a copy of a mounted configuration in this machine's terms."""
    source = instance.mounts.get(path)
    if source is None:
        return command
    text = instance.words(source.read_text(), replaces_whole=False)
    if change:
        text = yaml.safe_dump(change(instance, yaml.safe_load(text)))
    copy = instance.folder / source.name
    copy.write_text(text)
    return [word.replace(str(source), str(copy)) for word in command]


def _envoy(instance, configuration):
    # One name has many addresses in Docker's DNS; here they are written down.
    for cluster in configuration["static_resources"]["clusters"]:
        for endpoints in cluster["load_assignment"]["endpoints"]:
            written = []
            for endpoint in endpoints["lb_endpoints"]:
                where = endpoint["endpoint"]["address"]["socket_address"]
                for target in instance.plan.instances.get(where["address"], []):
                    address = {"address": target.address, "port_value": where["port_value"]}
                    written.append({"endpoint": {"address": {"socket_address": address}}})
            endpoints["lb_endpoints"] = written or endpoints["lb_endpoints"]
    return configuration


def _prometheus(instance, configuration):
    for job in configuration["scrape_configs"]:
        targets = [
            f"{target.address}:{source['port']}"
            for source in job.pop("dns_sd_configs", []) for name in source["names"] for target in instance.plan.instances[name]
        ]
        if targets:
            job["static_configs"] = [{"targets": targets}]
    left = instance.plan.left_out
    configuration["scrape_configs"] = [job for job in configuration["scrape_configs"] if job["job_name"] not in left]
    return configuration


def _kafka(instance, environment):
    """Does what the image's entry point does: settings from KAFKA_…, a formatted folder, the broker."""
    home = kafka_home()
    settings = {}
    for key, value in environment.items():
        if key.startswith("KAFKA_") and key not in ("KAFKA_HEAP_OPTS", "KAFKA_OPTS"):
            settings[re.sub("___|__|_", lambda m: {"___": "-", "__": "_", "_": "."}[m[0]], key[6:].lower())] = value
    # All of a rehearsal shares one machine: fewer threads than a broker of its own would have.
    settings |= {"num.network.threads": "2", "num.io.threads": "4", "offsets.topic.num.partitions": "8"}
    file = instance.folder / "server.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    java = os.environ.get("JAVA") or (f"{os.environ['JAVA_HOME']}/bin/java" if os.environ.get("JAVA_HOME") else "java")
    base = [java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *_log_settings(home), "-cp", f"{home}/libs/*"]
    if not glob.glob(f"{settings['log.dirs']}/meta.properties"):
        done = subprocess.run(
            [*base, "kafka.tools.StorageTool", "format", "--cluster-id", environment["CLUSTER_ID"], "--config", file],
            capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{instance.name}: cannot format its folder:\n{done.stdout}{done.stderr}")
    return [base[0], *environment.get("KAFKA_HEAP_OPTS", "").split(), *base[1:], "kafka.Kafka", str(file)]


def _log_settings(home):
    for name in ("broker-log4j2.properties", "config/log4j2.yaml"):
        if (home / name).exists():
            return [f"-Dlog4j2.configurationFile={home / name}", f"-Dkafka.logs.dir={home}"] if name.endswith("properties") else []
    return []
