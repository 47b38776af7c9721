"""The Kubernetes manifests against Kubernetes' schemas, and against what we ask of every workload."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

from options import variables
from report import ROOT

FOLDER = ROOT / "deploy/kubernetes"
OVERLAYS = ["small", "production"]
VERSIONS = ["1.31", "1.34", "1.37"]


def documents():
    """What each overlay is, built where kustomize is there; the files one by one otherwise."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch, "kubernetes")
        shutil.copytree(FOLDER, copy)
        # The secrets of a repository are none: something stands in for them.
        component = yaml.safe_load((copy / "secrets/kustomization.yaml").read_text())
        for secret in component["secretGenerator"]:
            for file in secret["files"]:
                path = copy / "secrets" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("for a check\n")
        for overlay in OVERLAYS:
            build = _kustomize()
            if build:
                done = subprocess.run([*build, str(copy / "overlays" / overlay)], capture_output=True, text=True, timeout=60)
                if done.returncode != 0:
                    raise ValueError(f"{overlay}: kustomize says:\n{done.stderr}")
                yield overlay, [document for document in yaml.safe_load_all(done.stdout) if document]
            else:
                files = [*sorted((copy / "base").glob("*.yaml")), *sorted((copy / "overlays" / overlay).glob("*.yaml"))]
                found = [document for file in files for document in yaml.safe_load_all(file.read_text()) if document]
                found = [document for document in found if {"kind", "metadata"} <= set(document)]
                found += [{"kind": "Secret", "metadata": {"name": s["name"]}} for s in component["secretGenerator"]]
                found += [{"kind": "ConfigMap", "metadata": {"name": name}} for name in ("envoy", "poste")]
                yield overlay, found


def _kustomize():
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]):
            return command
    return None


def against_schemas(report):
    if not _kustomize():
        report.skip("the overlays with kustomize", "install kustomize or kubectl")
    try:
        import kubernetes_validate
    except ImportError:
        return report.skip("the manifests against Kubernetes' schemas", "pip install kubernetes-validate")
    for overlay, found in documents():
        for version in VERSIONS:
            for document in found:
                if "apiVersion" not in document:
                    continue
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    place = "/".join(map(str, error.path))
                    report.fault(f"{overlay}, {document['kind']} {document['metadata']['name']}", f"{version}: {place}: {error.message[:300]}")
                except kubernetes_validate.SchemaNotFoundError as error:
                    report.fault(overlay, error.message)


def _settings(report, overlay, known):
    """What an overlay sets, or names in a comment to be set, is an option that a role has."""
    text = (FOLDER / "overlays" / overlay / "kustomization.yaml").read_text()
    for name in re.findall(r"^ *(?:# )?- (POSTE_\w+)=", text, re.M):
        report.expect(name in known, f"{overlay}, kustomization.yaml", f"poste has no option for {name}")


def against_rules(report):
    known = variables()
    for overlay, found in documents():
        _settings(report, overlay, known)
        names = {(document["kind"], re.sub(r"-[a-z0-9]{10}$", "", document["metadata"]["name"])) for document in found}
        workloads = [d for d in found if d["kind"] in ("Deployment", "StatefulSet", "Job")]
        labels = [d["spec"]["template"]["metadata"]["labels"] for d in workloads]
        report.expect(len(workloads) >= 4, overlay, "where are the workloads?")
        for workload in workloads:
            _workload(report, f"{overlay}, {workload['kind']} {workload['metadata']['name']}", workload, names, known)
        for document in found:
            where = f"{overlay}, {document['kind']} {document['metadata']['name']}"
            selector = _selector(document)
            if selector:
                report.expect(any(selector.items() <= label.items() for label in labels), where, f"it selects nothing: {selector}")
            if document["kind"] == "HorizontalPodAutoscaler":
                target = document["spec"]["scaleTargetRef"]
                report.expect((target["kind"], target["name"]) in names, where, f"there is no {target['name']} to scale")
        policies = [d["spec"] for d in found if d["kind"] == "NetworkPolicy"]
        report.expect(
            {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies, overlay, "no policy denies what none allows")
        for name in ("front", "deliver", "lb"):
            report.expect(("PodDisruptionBudget", name) in names, overlay, f"{name} has no PodDisruptionBudget")
            report.expect(("NetworkPolicy", name) in names, overlay, f"{name} has no NetworkPolicy")
        _ports(report, overlay, workloads, policies)


def _selector(document):
    spec = document.get("spec", {})
    if document["kind"] == "Service":
        return spec["selector"]
    if document["kind"] == "PodDisruptionBudget":
        return spec["selector"]["matchLabels"]
    if document["kind"] == "NetworkPolicy":
        return spec["podSelector"].get("matchLabels")
    return None


def _workload(report, where, workload, names, known):
    pod = workload["spec"]["template"]["spec"]
    report.expect(pod.get("automountServiceAccountToken") is False, where, "it gets a token for the Kubernetes API")
    report.expect(("ServiceAccount", pod.get("serviceAccountName")) in names, where, "it has no ServiceAccount of its own")
    context = pod.get("securityContext", {})
    report.expect(context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0, where, "it may run as root")
    report.expect(context.get("seccompProfile", {}).get("type") == "RuntimeDefault", where, "it has no seccomp profile")
    for container in pod["containers"] + pod.get("initContainers", []):
        own = container.get("securityContext", {})
        report.expect(own.get("allowPrivilegeEscalation") is False, where, "it may gain privileges")
        report.expect(own.get("readOnlyRootFilesystem") is True, where, "its root can be written")
        report.expect(own.get("capabilities", {}).get("drop") == ["ALL"], where, "it keeps capabilities")
        resources = container.get("resources", {})
        for kind in ("requests", "limits"):
            report.expect({"cpu", "memory"} <= set(resources.get(kind, {})), where, f"{kind} of {container['name']} are missing")
        built = container["image"] != "poste-restante"
        report.expect(not built or re.search(r":[^/]*\d", container["image"]), where, f"{container['image']} has no version")
        for variable in container.get("env", []):
            name = variable["name"]
            report.expect(not name.startswith("POSTE_") or name in known, where, f"poste has no option for {name}")
        for mount in container.get("volumeMounts", []):
            volumes = {v["name"] for v in pod.get("volumes", [])}
            volumes |= {v["metadata"]["name"] for v in workload["spec"].get("volumeClaimTemplates", [])}
            report.expect(mount["name"] in volumes, where, f"there is no volume {mount['name']}")
    if workload["kind"] != "Job":
        for probe in ("readinessProbe", "livenessProbe"):
            report.expect(probe in pod["containers"][0], where, f"{probe} is missing")
    for volume in pod.get("volumes", []):
        for kind, key in (("secret", "secretName"), ("configMap", "name")):
            if kind in volume:
                name = re.sub(r"-[a-z0-9]{10}$", "", volume[kind][key])
                wanted = ("Secret" if kind == "secret" else "ConfigMap", name)
                report.expect(wanted in names, where, f"nothing makes the {wanted[0]} {name}")


def _ports(report, overlay, workloads, policies):
    """Every port that a policy opens toward our own pods is one that such a pod has."""
    ports = {}
    for workload in workloads:
        spec = workload["spec"]["template"]
        name = spec["metadata"]["labels"]["app.kubernetes.io/name"]
        ports[name] = {port["containerPort"] for c in spec["spec"]["containers"] for port in c.get("ports", [])}
    for policy in policies:
        name = policy["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name")
        for rule in policy.get("ingress", []):
            for port in rule.get("ports", []) if name else []:
                report.expect(port["port"] in ports[name], overlay, f"{name} has no port {port['port']}, which a policy opens")
        for rule in policy.get("egress", []):
            for peer in rule.get("to", []):
                target = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name")
                for port in rule.get("ports", []) if target else []:
                    report.expect(port["port"] in ports[target], overlay, f"{target} has no port {port['port']}, which a policy opens")
