"""The dashboard and the alerts ask for metrics that there are."""

import json
import re

import yaml

from report import ROOT

DASHBOARD = ROOT / "deploy/compose/grafana/dashboards/mail.json"
RULES = ROOT / "deploy/compose/prometheus/rules/poste.yml"
ADAPTER = ROOT / "deploy/kubernetes/overlays/production/autoscaling.yaml"


def expressions():
    """Every query, with where it stands."""
    board = json.loads(DASHBOARD.read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield f"dashboard, {panel['title']}", target["expr"]
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield f"rules, {rule.get('alert') or rule['record']}", rule["expr"]


def metrics(report):
    documented = set(re.findall(r"`(poste_[a-z0-9_]+)", (ROOT / "docs/operations/metrics.md").read_text()))
    sources = "".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    exported = set(re.findall(r'"(poste_[a-z0-9_]+)"', sources))
    if not exported:
        return report.skip("the metrics of the dashboard", "no role exports any yet")
    made = {rule["record"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "record" in rule}
    for where, expression in expressions():
        for name in re.findall(r"\bposte_[a-z0-9_]+", expression):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            known = {name, base} & exported and {name, base} & documented
            report.expect(known, where, f"nobody exports {name}, or docs/operations/metrics.md does not have it")
        for name in re.findall(r"\bposte:[a-z0-9_:]+", expression):
            report.expect(name in made, where, f"no rule makes {name}")
    board = json.loads(DASHBOARD.read_text())
    identifiers = [panel["id"] for panel in board["panels"]]
    report.expect(len(set(identifiers)) == len(identifiers), "dashboard", "two panels have one id")
    for panel in board["panels"]:
        report.expect(panel.get("description") or panel["type"] == "row", f"dashboard, {panel['title']}", "it does not say what it shows")
        if panel["type"] != "row":
            report.expect(
                panel["datasource"]["uid"] == "prometheus", f"dashboard, {panel['title']}", "its data source is not the provisioned one")
