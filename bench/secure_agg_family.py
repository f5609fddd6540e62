"""Whole sessions of secure aggregation, both sides, against published figures."""
import json
import os
import pathlib
import re

from machine import describe_machine
from privacy_family import build_target
from processes import environment_of, report_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
MODULES = ("base", "crypto", "proto", "privacy", "secure_agg", "bench")
RING = {"gamma": 0.1, "delta": 0.1, "sigma": 40, "eta": 20}
# Names of the results that a session gives, and its settings.
SESSIONS = (
    (("server_n1000_d100k_drop30_complete",),
     {"clients": 1000, "dropped": 300, "length": 100_000, "gamma": 0.33, "delta": 0.3,
      "complete": 1}),
    (("server_n1000_d1m_drop10_k96", "client_d1m_k96"),
     {"clients": 1000, "dropped": 100, "length": 1_000_000, **RING}),
    (("traffic_n1024_d1m_b16",),
     {"clients": 1024, "dropped": 51, "length": 1 << 20, "gamma": 0.05, "delta": 0.05,
      "sigma": 40, "eta": 20}),
    (("session_n1000_d100k_drop30",),
     {"clients": 1000, "dropped": 300, "length": 100_000, "gamma": 0.05, "delta": 0.3,
      "workers": len(os.sched_getaffinity(0))}),
    (("server_n64_d100k_drop30_complete",),
     {"clients": 64, "dropped": 19, "length": 100_000, "gamma": 0.33, "delta": 0.3,
      "complete": 1}),
    (("server_n256_d100k_drop30_complete",),
     {"clients": 256, "dropped": 76, "length": 100_000, "gamma": 0.33, "delta": 0.3,
      "complete": 1}),
)
# Measured where --only asks for one: it takes 3 to 20 minutes.
LARGE = ((("session_n10000_d1k_drop10",),
          {"clients": 10_000, "dropped": 1000, "length": 1000, "gamma": 0.05,
           "delta": 0.1, "workers": len(os.sched_getaffinity(0))}),)
# (result, field, bar, what the paper or the specification says it is)
BARS = (
    ("server_n1000_d100k_drop30_complete", "seconds", 35,
     "Bonawitz et al. 2017, one thread: 414"),
    ("server_n1000_d1m_drop10_k96", "seconds", 15, "none published"),
    ("client_d1m_k96", "masking_seconds", 0.16, "none published"),
    ("client_d1m_k96", "seconds", 0.25, "none published"),
    ("traffic_n1024_d1m_b16", "expansion", 1.64, "Bonawitz et al. 2017: 1.73"),
    ("traffic_n1024_d1m_b16", "expansion_without_proofs", 1.64,
     "the same paper's messages, which have none"),
    ("session_n1000_d100k_drop30", "wall_seconds", 60, "none published"),
)
PEER = {"clients": 50, "dropped": 15, "length": 100_000, "gamma": 0.33, "delta": 0.3,
        "complete": 1}
PEER_BAR = 100


def settings_of(settings, options):
    if not options.brief:
        return dict(settings)
    return {**settings, **{key: max(1, settings[key] // 10)
                           for key in ("clients", "dropped", "length")}}


def measure(worker, settings):
    return report_of([worker, *(f"{key}={value}" for key, value in settings.items()),
                      f"threads={len(os.sched_getaffinity(0))}"])


def results_of(names, report, worker):
    """The report under each of its names, with the seconds that the name means."""
    for name in names:
        result = {"name": name, "seconds": report["server_seconds"], **report}
        if name.startswith("client"):
            result["seconds"] = report["client_median_seconds"]
            masks = report_of([worker, f"masks={report['neighbours'] + 1}",
                               f"length={report['length']}"])
            result["masking_seconds"] = masks["seconds"]
            size = 4e-9 * masks["masks"] * masks["length"]
            result["masking_gb_per_second"] = {
                "aes256-ctr": size / masks["seconds"],
                "chacha20": size / masks["chacha20_seconds"],
                "chacha20 of the library, not added":
                    size / masks["chacha20_library_seconds"]}
        elif name.startswith("traffic"):
            sent = report["up_bytes"] + report["down_bytes"]
            plain = report["length"] * report["input_bits"] / 8
            result["expansion"] = sent / plain
            result["expansion_without_proofs"] = (sent - report["proof_bytes"]) / plain
            result["neighbour_bytes"] = sent - (report["length"] * report["bits"] + 7) // 8
        yield result


def compare_with_peer(worker, options):
    """Flower's SecAgg+ and ours with the same n, d, dropouts and threshold."""
    python = environment_of(HERE / "peers/secure_agg_requirements.txt",
                            ROOT / "build/flower-venv")
    settings = settings_of(PEER, options)
    ours = measure(worker, {**settings, "threads": 1})
    theirs = report_of([python, HERE / "peers/flower_secure_agg.py", settings["clients"],
                        settings["dropped"], settings["length"], ours["threshold"]])
    mask = report_of([worker, "masks=1000", f"length={settings['length']}"])
    return {"name": "peer_server", "seconds": ours["server_seconds"],
            "peer_seconds": theirs["server_seconds"],
            "ratio": theirs["server_seconds"] / ours["server_seconds"],
            "mask_seconds": mask["seconds"] / 1000,
            "peer_mask_seconds": theirs["mask_seconds"], **settings,
            "threshold": ours["threshold"], "peer": theirs}


def show_session(result):
    r = result
    if "masking_seconds" in r:
        print(f"\n{r['name']}: a client of that session {r['seconds']:.4f} s (least "
              f"{r['client_least_seconds']:.4f}); {r['neighbours'] + 1} masks alone "
              f"{r['masking_seconds']:.4f} s")
        print("  masks, GB/s: " + ", ".join(
            f"{name} {rate:.2f}" for name, rate in r["masking_gb_per_second"].items()),
            flush=True)
        return
    print(f"\n{r['name']}: n {r['clients']}, {r['dropped']} silent after their shares, "
          f"d {r['length']}, {r['bits']} bits, k {r['neighbours']}, t {r['threshold']}; "
          "the sum is exact")
    for side, total in (("server", r["server_seconds"]),
                        ("client", r["client_median_seconds"])):
        phases = ", ".join(f"{phase} {seconds:.3g}"
                           for phase, seconds in r[f"{side}_phases"].items())
        print(f"  {side + ', s':12}{total:9.4g}: {phases}")
    print(f"  besides: parsing and writing messages at the server "
          f"{r['server_wire_seconds']:.3g} s; all clients {r['all_clients_seconds']:.1f} s;"
          f" everything {r['processor_seconds']:.1f} s of processor time, wall "
          f"{r['wall_seconds']:.1f} s")
    print(f"  server's heap, bytes: accumulator {4 * r['length']}, shares relayed "
          f"{r['share_bytes']}, shares revealed {r['revealed_bytes']}; while an input "
          f"arrives {r['input_bytes']}, while masks come off {r['masking_bytes']}; "
          f"most {r['peak_bytes']}", flush=True)
    if "expansion" in r:
        print(f"  one client: up {r['up_bytes']}, down {r['down_bytes']} bytes, of them "
              f"{r['neighbour_bytes']} for all but the elements; {r['expansion']:.4f} "
              f"times the plain vector\n"
              f"  certificates, signatures and Merkle paths are {r['proof_bytes']} of "
              f"these; {r['expansion_without_proofs']:.4f} times without, as the "
              f"published figure is counted")


def show_peer(p, is_brief):
    peer = p["peer"]
    verdict = f"bar {PEER_BAR}: {'held' if p['ratio'] >= PEER_BAR else 'MISSED'}"
    print(f"\n{peer['package']} {peer['version']}, SecAggPlusWorkflow {peer['settings']}; "
          f"n {p['clients']}, {p['dropped']} silent after their shares, d {p['length']}")
    print(f"  server: {p['peer_seconds']:.3f} s; ours {p['seconds']:.4f} s; "
          f"ratio {p['ratio']:.0f} ({'not judged' if is_brief else verdict})")
    print(f"  one mask: {p['peer_mask_seconds'] * 1e6:.1f} us; ours "
          f"{p['mask_seconds'] * 1e6:.1f} us", flush=True)


def show_bars(results):
    by_name = {r["name"]: r for r in results}
    print(f"\n{'':44}{'measured':>10}{'bar':>8}")
    for name, field, bar, published in BARS:
        if name in by_name:
            value = by_name[name][field]
            print(f"{name + ' ' + field:56}{value:10.4g}{bar:8.4g}  "
                  f"{'held' if value <= bar else 'MISSED'}  {published}")


def run(options):
    worker = build_target(options, MODULES, "sotto-bench-secure-agg")
    if not options.json:
        machine = describe_machine()
        print(f"{machine['processor']}, {machine['cores']} cores, "
              f"{' '.join(machine['instructions'])}, load {machine['load_average']:.1f}")
        print("seconds are processor time of one thread, unless wall is said")
    results = []
    for names, settings in SESSIONS + (LARGE if options.only else ()):
        names = [n for n in names if re.search(options.only, n)]
        if not names:
            continue
        report = measure(worker, settings_of(settings, options))
        report["load_average"] = os.getloadavg()[0]
        if options.brief:
            names = [n + "_brief" for n in names]
        for result in results_of(names, report, worker):
            results.append(result)
            if not options.json:
                show_session(result)
    if options.peers:
        results.append(compare_with_peer(worker, options))
        if not options.json:
            show_peer(results[-1], options.brief)
    if not options.json and not options.brief:
        show_bars(results)
    return results
