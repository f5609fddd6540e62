"""report.html: the run as one self-contained page."""
from html import escape

from . import charts

STYLE = """
:root { --ink:#1c2330; --soft:#5d6879; --paper:#fbfbf9; --card:#ffffff; --rule:#e1e4ea;
  --a:#1f6f8b; --b:#d9822b; --c:#9c4f96; --d:#c0392b; --e:#7f8c8d; --ok:#2e7d4f; }
@media (prefers-color-scheme: dark) { :root { --ink:#e8eaf0; --soft:#9aa5b8; --paper:#14171d;
  --card:#1c2129; --rule:#323945; --a:#5fb3cf; --b:#f0a65a; --c:#c98bc4; --d:#ef7a6d;
  --e:#97a3a6; --ok:#6cc492; } }
* { box-sizing:border-box } body { margin:0 auto; padding:2.5rem 1.2rem 4rem; max-width:62rem;
  font:16px/1.55 system-ui,sans-serif; color:var(--ink); background:var(--paper) }
h1 { font-size:2rem; margin:0 } h2 { font-size:1.15rem; margin:0 0 .6rem }
p { margin:.3rem 0 .8rem } .soft { color:var(--soft) }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(10rem,1fr)); gap:.8rem; margin:1.4rem 0 }
.tile,.card { background:var(--card); border:1px solid var(--rule); border-radius:10px; padding:1rem 1.1rem }
.tile b { display:block; font-size:1.6rem; font-variant-numeric:tabular-nums }
.grid2 { display:grid; grid-template-columns:repeat(auto-fit,minmax(26rem,1fr)); gap:1rem }
@media (max-width:30rem) { .grid2 { grid-template-columns:1fr } }
table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; font-size:.92rem }
th,td { text-align:left; padding:.35rem .6rem .35rem 0; border-bottom:1px solid var(--rule); vertical-align:top }
td.n,th.n { text-align:right } .scroll { overflow-x:auto }
svg { width:100%; height:auto } .grid { stroke:var(--rule) } .axis { fill:var(--soft); font-size:12px }
.label { fill:var(--ink); font-size:12px } .reference { stroke:var(--soft); stroke-dasharray:5 4 }
.line { fill:none; stroke-width:2.5 } .line.s0 { stroke:var(--a) } .line.s1 { stroke:var(--b) }
.dot.s0,.bar.s0,.dot.cool { fill:var(--a) } .dot.s1,.bar.s1 { fill:var(--b) } .bar.s2 { fill:var(--c) }
.bar.s3,.dot.hot { fill:var(--d) } .bar.s4 { fill:var(--e) } .dot.cool { opacity:.45 }
.key span { display:inline-block; margin-right:1rem } .key i { display:inline-block; width:.8em;
  height:.8em; border-radius:3px; margin-right:.35em } .yes { color:var(--ok) } .no { color:var(--d); font-weight:600 }
"""
COLOURS = {"s0": "--a", "s1": "--b", "s2": "--c", "s3": "--d", "s4": "--e"}


def _key(classes):
    return '<p class="key soft">' + "".join(
        f'<span><i style="background:var({COLOURS[c]})"></i>{escape(n)}</span>'
        for n, c in classes.items()) + "</p>"


def _table(head, rows, numeric=()):
    mark = lambda i: ' class="n"' if i in numeric else ""
    top = "".join(f"<th{mark(i)}>{escape(h)}</th>" for i, h in enumerate(head))
    body = "".join("<tr>" + "".join(f"<td{mark(i)}>{cell}</td>" for i, cell in enumerate(r))
                   + "</tr>" for r in rows)
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'


def _tiles(report):
    mark = report.get("watermark", {})
    ok = sum(c["ok"] for c in report["checks"])
    tiles = [(f"{ok}/{len(report['checks'])}", "checks held"),
             (f"{report.get('final_accuracy', 0):.1%}", "federated accuracy, held-out"),
             (f"{report.get('central_accuracy', 0):.1%}", "the same model trained centrally"),
             (f"{mark.get('p_value', 1):.0e}", "chance that the mark is a coincidence"),
             (f"{len(report.get('rounds', []))}", "rounds under secure aggregation")]
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{escape(v)}</b><span class="soft">{escape(n)}</span></div>'
        for v, n in tiles) + "</div>"


def _rounds(report):
    rounds = report.get("rounds", [])
    steps = sorted({s for r in rounds for s in r["dropped"]})
    classes = {"included": "s0"}
    for i, step in enumerate(steps):
        classes[f"dropped: {step}"] = f"s{min(i + 1, 4)}"
    columns = [(r["round"], {"included": r["included"],
                             **{f"dropped: {s}": n for s, n in r["dropped"].items()}})
               for r in rounds]
    curve = charts.lines(
        "Accuracy per round", "round",
        [("federated", "s0", [(r["round"], r["accuracy"]) for r in rounds])],
        ("central", report["central_accuracy"]) if "central_accuracy" in report else None)
    rows = [(r["round"], r["cohort"], r["included"],
             escape(", ".join(f"{s} {n}" for s, n in r["dropped"].items()) or "none"),
             f"{r['bytes_up'] / 1e6:.2f}", f"{r['bytes_down'] / 1e6:.2f}",
             f"{r['seconds']:.1f}", f"{r['accuracy']:.1%}") for r in rounds]
    table = _table(("round", "cohort", "included", "dropped", "MB up", "MB down",
                    "seconds", "accuracy"), rows, {0, 1, 2, 4, 5, 6, 7})
    return (f'<div class="grid2"><div class="card"><h2>Accuracy on held-out data</h2>{curve}</div>'
            f'<div class="card"><h2>Who was in the sum</h2>'
            f'{charts.stacked("Cohort outcomes", "round", columns, classes)}{_key(classes)}</div>'
            f'</div><div class="card" style="margin-top:1rem"><h2>Rounds</h2>{table}</div>')


def _rollout(report):
    rows = [(escape(s["release"]), f"{s['step_bp'] / 100:.0f} %", escape(s["verdict"]),
             escape("; ".join(f"{a['name']}: v{a['version']}, {a['devices']} devices, "
                              f"accuracy {a['accuracy']:.1%} of {a['count']}"
                              for a in s["arms"])),
             escape(s["evidence"])) for s in report["rollout"]["steps"]]
    points = {"control": [], "treatment": []}
    for i, step in enumerate(report["rollout"]["steps"], 1):
        for arm in step["arms"]:
            if arm["name"] in points and arm["count"]:
                points[arm["name"]].append((i, arm["accuracy"]))
    chart = charts.lines("Accuracy per arm at each step", "step",
                         [("control", "s0", points["control"]),
                          ("treatment", "s1", points["treatment"])])
    return (f'<div class="card"><h2>Rollout steps and arms</h2>{chart}'
            f'{_key({"control": "s0", "treatment": "s1"})}'
            + _table(("release", "step", "verdict", "arms", "evidence"), rows)
            + "<p>The guardrail reverted the broken release "
            + ("without downloading a model byte." if report["rollout"]["reverted_without_download"]
               else "<b>but model bytes were downloaded.</b>") + "</p></div>")


def _watermark(report):
    mark = report["watermark"]
    chart = charts.scores("Trace scores", "score of each device's fingerprint",
                          mark.get("scores", {}), mark["traced_device"],
                          mark.get("score_threshold", 0.0), "accusation threshold")
    return (f'<div class="card"><h2>Whose copy leaked?</h2>{chart}'
            f'<p>The leaked copy was pruned and quantised. The owner\'s mark is in it with '
            f'p = {mark["p_value"]:.1e}; the fingerprint names <b>{escape(str(mark["traced_device"]))}</b> '
            f'(p = {mark["trace_p_value"]:.1e}), and the leak was taken from '
            f'<b>{escape(str(mark["leaking_device"]))}</b>.</p></div>')


def render(report):
    checks = _table(("check", "", "detail"),
                    [(escape(c["name"]),
                      '<span class="yes">held</span>' if c["ok"] else '<span class="no">FAILED</span>',
                      escape(c["detail"])) for c in report["checks"]])
    parts = [_tiles(report)]
    if report.get("rounds"):
        parts.append(_rounds(report))
    if report.get("rollout"):
        parts.append(_rollout(report))
    if report.get("watermark"):
        parts.append(_watermark(report))
    parts.append(f'<div class="card"><h2>Checks</h2>{checks}</div>')
    gap = '<div style="height:1rem"></div>'
    return (f'<!doctype html><html lang="en"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<title>Sotto quick start</title><style>{STYLE}</style><body>'
            f'<h1>Sotto quick start</h1><p class="soft">{escape(report["subtitle"])}</p>'
            + gap.join(parts) + "</body></html>\n")
