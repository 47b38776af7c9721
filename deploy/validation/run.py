"""Runs all checks of what an operator runs."""

import sys

import composition
import configuration
import dashboard
import docstrings
import kubernetes
import links
import storeys
from report import Report

report = Report()
report.section("compose.yaml: the specification's schema, Docker Compose itself", composition.against_validators)
report.section("compose.yaml: what every service must have", composition.against_rules)
report.section("deploy/Dockerfile: hadolint, and the libraries it installs", configuration.dockerfile)
report.section("YAML: yamllint", configuration.yaml_style)
report.section("scripts: shellcheck", configuration.scripts)
report.section("Envoy: its own validation", configuration.envoy)
report.section("Prometheus: promtool", configuration.prometheus)
report.section("dashboard and alerts: every metric is one that is exported", dashboard.metrics)
report.section("Kubernetes: schemas", kubernetes.against_schemas)
report.section("Kubernetes: what every workload must have", kubernetes.against_rules)
report.section("documents: what they point to is there", links.documents)
report.section("Swift: dependencies point down", storeys.dependencies)
report.section("Swift: every public symbol has a docstring", docstrings.symbols)
sys.exit(report.finish())
