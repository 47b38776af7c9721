"""What Prometheus knows of a rehearsal: every role, and an answer to every question of the dashboard."""

import json
import time
import urllib.parse
import urllib.request

from plan import ROOT
from process import Failure

PATIENCE_S = 45


class Watch:
    """Prometheus, asked as Grafana asks it."""

    def __init__(self, running):
        self.running = running
        self.address = running.instance.address

    def ask(self, query):
        """What a query gives now: label sets with values."""
        url = f"http://{self.address}:9090/api/v1/query?query={urllib.parse.quote(query)}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]["result"]

    def targets(self, wanted):
        """Waits until each job has as many targets that answer as it should."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = {row["metric"]["job"]: int(float(row["value"][1])) for row in self.ask("sum by (job) (up)")}
            if all(found.get(name) == count for name, count in wanted.items()):
                return found
            if time.monotonic() > deadline:
                raise Failure(f"Prometheus scrapes {found}, not {wanted}", self.running)
            time.sleep(0.5)

    def dashboard(self):
        """Waits until all queries of the dashboard have data, but for those that show what goes wrong. Says how many there are."""
        board = json.loads((ROOT / "deploy/compose/grafana/dashboards/mail.json").read_text())
        queries = [
            (panel["title"], target["expr"].replace("$__rate_interval", "1m"))
            for panel in board["panels"] for target in panel.get("targets", [])
        ]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            empty = [title for title, query in queries if not self.ask(query) and not query.endswith("> 0")]
            if not empty:
                return len(queries)
            if time.monotonic() > deadline:
                raise Failure(f"the dashboard shows nothing in: {', '.join(sorted(set(empty)))}", self.running)
            time.sleep(1)
