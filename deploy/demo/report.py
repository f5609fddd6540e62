"""report.json, report.html and the summary: what the run measured and checked."""
import json

from . import page


class Report:
    def __init__(self, subtitle):
        self.data = {"subtitle": subtitle, "checks": []}

    def check(self, name, ok, detail):
        self.data["checks"].append({"name": name, "ok": bool(ok), "detail": str(detail)})
        return bool(ok)

    def failed(self):
        return [c for c in self.data["checks"] if not c["ok"]]

    def write(self, out):
        (out / "report.json").write_text(json.dumps(self.data, indent=1) + "\n")
        (out / "report.html").write_text(page.render(self.data))

    def summary(self):
        width = max((len(c["name"]) for c in self.data["checks"]), default=0)
        lines = [f"  {'held  ' if c['ok'] else 'FAILED'}  {c['name']:<{width}}  {c['detail']}"
                 for c in self.data["checks"]]
        return "\n".join(lines)
