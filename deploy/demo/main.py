"""The main job, step by step. Called by deploy/quickstart after the build."""
import pathlib
import random
import shutil
import signal
import sys
import time

from . import arguments, leak, releases, rollouts, rounds, shards
from .fleet import MODEL, Fleet
from .identities import Identities
from .processes import Failure, run_json, stop_all
from .progress import Progress
from .report import Report

PLAN = {"learning-rate": 0.05, "momentum": 0.9, "epochs": 5, "batch-size": 8,
        "clip-norm": 10, "scale": 65536, "bits": 32, "max-weight": 128,
        "min-examples": 4, "min-cohort": 3, "corrupted-fraction": 0.1,
        "dropout-fraction": 0.3, "seed": 7}


class Job:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out).resolve()
        self.tools = pathlib.Path(options.binaries).resolve()
        self.progress = Progress()
        self.say = self.progress.say
        self.report = Report(f"{options.devices} devices, {options.rounds} rounds, "
                             f"{options.data or 'handwritten digits'}, seed {options.seed}")

    def check(self, name, ok, detail):
        self.report.check(name, ok, detail)
        self.say(f"  {'held  ' if ok else 'FAILED'}  {name}: {detail}")

    def run(self):
        started = time.monotonic()
        for step in (self.data, self.identities, self.first_release, self.fleet_up,
                     self.federate, self.compare, self.roll_out, self.trace_leak):
            step()
        self.progress.step(9, "Report")
        codes = self.fleet.stop()
        bad = {n: c for n, c in codes.items() if c != 0}
        self.check("every process ended cleanly on SIGTERM", not bad, bad or "all exit 0")
        self.report.data["seconds"] = round(time.monotonic() - started, 1)

    # 1
    def data(self):
        self.progress.step(1, "Data: real handwritten digits, split by label over devices")
        if self.options.data:
            loaded = shards.load_folder(pathlib.Path(self.options.data))
        else:
            loaded = shards.load_digits(self.options.digits)
        self.summary = shards.write_all(self.out / "data", *loaded, self.options.devices,
                                        self.options.seed)
        sizes = self.summary["per_device"]
        self.held_out = self.out / "data" / "held_out"
        self.check("data", self.summary["examples"] >= 1000,
                   f"{self.summary['examples']} images, {self.summary['held_out']} held out, "
                   f"{min(sizes)} to {max(sizes)} training examples a device")

    # 2
    def identities(self):
        self.progress.step(2, "Identities: issuer, model keys, director, TLS, devices")
        ids = Identities(self.tools, self.out)
        public = ids.make(MODEL.split("/")[0])
        self.fleet = Fleet(self.tools, self.out, ids, public)
        self.publisher = releases.Publisher(self.tools, self.out, ids)
        self.certificates = self.out / "certificates"
        self.certificates.mkdir()
        self.names = [f"device_{i:02d}" for i in range(self.options.devices)]
        self.device_ids = {}
        for i, name in enumerate(self.names):
            certificate = self.fleet.add_device(name, self.out / "data" / name,
                                                export_updates=self.out / "updates" / name)
            shutil.copy(certificate, self.certificates / f"{name}.cert")
            self.progress.bar("devices certified", i + 1, len(self.names))
        self.check("identities", len(list(self.certificates.iterdir())) == len(self.names),
                   f"{len(self.names)} devices certified; root threshold 2 of 3")

    # 3
    def first_release(self):
        self.progress.step(3, "Version 1: a small CNN, marked, sealed, signed, published")
        self.base = self.publisher.new_model(self.summary, self.options.seed, "base.tflite")
        self.publisher.make_watermark_key()
        self.v1 = self.publisher.mark(self.base, "v1.tflite")
        published = self.publisher.publish(self.v1, 1, self.certificates)
        plan = rounds.make_plan(self.tools, self.out, self.v1, self.options.devices, PLAN)
        self.publisher.publish_plan(plan)
        self.publisher.publish_policy("quickstart", 5000, 1000)
        info = run_json([self.tools / "sotto", "model", "inspect", self.v1, "--json"])
        self.check("release 1", info["weights"] >= 30000 and
                   len(published["containers"]) == len(self.names),
                   f"{info['weights']} weights, {len(published['containers'])} sealed packages")

    # 4
    def fleet_up(self):
        self.progress.step(4, f"Coordinator and {len(self.names)} devices")
        self.fleet.start_coordinator(self.options.port)
        self.fleet.admin("rollout", "release", "--model", MODEL, "--release", 1)
        self.killer = rounds.Killer(self.fleet, self.names, self.options.rounds,
                                    self.options.seed, self.say)
        for name in self.names:
            self.fleet.start_device(name, on_event=self.killer.on_event)
        accuracies = []
        for i, name in enumerate(self.names):
            event = self.fleet.devices[name].wait_for(
                lambda e: e.get("event") == "evaluated" and e.get("release") == 1,
                60, "evaluation of release 1")
            accuracies.append(event["accuracy"])
            self.device_ids[name] = self.fleet.devices[name].last(
                lambda e: e.get("event") == "enrolled")["device_id"]
            self.progress.bar("devices ready", i + 1, len(self.names))
        self.check("devices run release 1", len(accuracies) == len(self.names),
                   f"downloaded, granted, decrypted in memory; mean accuracy "
                   f"{sum(accuracies) / len(accuracies):.1%} (untrained)")

    # 5
    def federate(self):
        self.progress.step(5, f"{self.options.rounds} rounds under secure aggregation")
        rounds.create_task(self.fleet, self.v1, self.options.rounds, len(self.names))
        self.say("  round  cohort  included  dropped                      MB up  MB down"
                 "  seconds  accuracy")
        self.report.data["rounds"] = []
        inexact, threshold = [], None
        for entry in rounds.watch(self.fleet, self.tools, self.v1, self.options.rounds,
                                  self.progress, self.held_out, 30 + 20 * self.options.rounds):
            explained = self.fleet.admin("task", "explain", "--task", "train",
                                         "--round", entry["round"])
            exact, detail = rounds.sum_is_exact(explained, self.updates_by_id())
            if not exact:
                inexact.append(f"round {entry['round']}: {detail}")
            row = {k: entry[k] for k in ("round", "cohort", "included", "dropped",
                                         "bytes_up", "bytes_down", "seconds", "accuracy")}
            self.report.data["rounds"].append(row)
            threshold = (explained["neighbours"], explained["threshold"])
            dropped = ", ".join(f"{s} {n}" for s, n in row["dropped"].items()) or "-"
            self.say(f"  {row['round']:>5}  {row['cohort']:>6}  {row['included']:>8}  "
                     f"{dropped:<27}{row['bytes_up'] / 1e6:>7.2f}  {row['bytes_down'] / 1e6:>7.2f}"
                     f"  {row['seconds']:>7.1f}  {row['accuracy']:>8.1%}")
            self.final = entry["model"]
        self.report.data["final_accuracy"] = self.report.data["rounds"][-1]["accuracy"]
        self.report.data["secure_aggregation"] = {
            "mode": "active", "neighbours": threshold[0], "threshold": threshold[1]}
        self.check("sums are exact over the survivors", not inexact,
                   "; ".join(inexact) or f"{self.options.rounds} committed sums equal the plain "
                   "sums of the survivors' encoded updates")
        survived = list(self.killer.killed)
        self.check("rounds commit although devices are killed",
                   len(self.report.data["rounds"]) == self.options.rounds,
                   f"{len(survived)} devices killed with SIGKILL: " +
                   (", ".join(f"{k['device']} at {k['step']} of round {k['round']}"
                              for k in survived[:4]) or "none") +
                   (" …" if len(survived) > 4 else ""))

    def updates_by_id(self):
        folder = self.out / "updates_by_id"
        folder.mkdir(exist_ok=True)
        for name, device_id in self.device_ids.items():
            link = folder / device_id
            if not link.exists():
                link.symlink_to(self.out / "updates" / name)
        return folder

    # 6
    def compare(self):
        self.progress.step(6, "The same model trained centrally on the same data")
        report = run_json([self.tools / "sotto", "train", "--model", self.base, "--data",
                           self.out / "data" / "central", "--epochs",
                           self.options.rounds * 2, "--lr", 0.02, "--momentum", 0.9,
                           "--batch", 16, "--out", self.out / "models" / "central.tflite",
                           "--json"])
        central = rounds.held_out_accuracy(self.tools, self.out / "models" / "central.tflite",
                                           self.held_out)
        final = self.report.data["final_accuracy"]
        self.report.data["central_accuracy"] = central
        self.check("federated is within 2 points of central", final >= central - 0.02,
                   f"federated {final:.2%}, central {central:.2%}")
        floor = 0.95 if not self.options.data else 0.90
        self.check(f"final accuracy is at least {floor:.2f}", final >= floor, f"{final:.2%}")

    # 7
    def roll_out(self):
        self.progress.step(7, "Version 2 as an A/B test, then a broken version 3")
        self.v2 = self.publisher.mark(self.final, "v2.tflite")
        self.publisher.publish(self.v2, 2, self.certificates)
        steps = []

        def on_step(release):
            def show(step):
                row = rollouts.describe(step, release)
                steps.append(row)
                arms = ", ".join(f"{a['name']} v{a['version']} {a['accuracy']:.1%} of "
                                 f"{a['count']} on {a['devices']}" for a in row["arms"])
                self.say(f"  {release} at {row['step_bp'] // 100:>3} %  {row['verdict']:<6} {arms}")
            return show

        rollouts.start(self.fleet, 1, 2)
        good = rollouts.follow(self.fleet, self.progress, 120, on_step("version 2"))
        self.check("version 2 is promoted on the evidence",
                   good["state"] == "done" and good["active_release"] == 2,
                   f"{good['state']} after steps " + ", ".join(
                       f"{s['step_bp'] // 100} %" for s in good["steps"]))
        self.wait_for_release(2)
        broken = self.publisher.new_model(self.summary, self.options.seed + 1000, "v3.tflite")
        self.publisher.publish(broken, 3, self.certificates)
        rollouts.start(self.fleet, 2, 3)
        bad = rollouts.follow(self.fleet, self.progress, 120, on_step("version 3"))
        free = bad["devices_reverted"] > 0 and bad["revert_bytes"] == 0
        self.check("the guardrail reverts version 3", bad["state"] == "reverted" and
                   bad["active_release"] == 2, bad["reason"])
        self.check("the revert downloads no model byte", free,
                   f"{bad['devices_reverted']} devices reverted, "
                   f"{bad['revert_bytes']} model bytes")
        self.wait_for_release(2)
        self.report.data["rollout"] = {
            "arms": [{"name": "control", "version": 1}, {"name": "treatment", "version": 2}],
            "steps": steps, "reverted_without_download": free}

    def wait_for_release(self, release):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            waiting = [n for n in self.names if (e := self.fleet.devices[n].last(
                lambda e: e.get("event") in ("loaded", "model", "reverted"))) is None
                or e["release"] != release]
            if not waiting:
                return
            time.sleep(0.1)
        raise Failure(f"{', '.join(waiting)} did not reach version {release} in 60 s")

    # 8
    def trace_leak(self):
        self.progress.step(8, "A leaked copy: pruned, quantised, then verified and traced")
        leaking = random.Random(self.options.seed + 8).choice(self.names)
        leaked = leak.take(self.tools, self.fleet.storage(leaking) / "device.json",
                           self.publisher.models / "leak.tflite")
        suspect = leak.attack(self.publisher, leaked)
        accuracy = rounds.held_out_accuracy(self.tools, suspect, self.held_out)
        code, verdict = leak.verify(self.publisher, self.final, suspect)
        self.check("the leak carries the owner's mark", code == 0,
                   f"{verdict['verdict']}, p = {verdict['p_value']:.1e} over "
                   f"{verdict['hypotheses']} hypotheses; the leak still scores {accuracy:.1%}")
        code, _ = leak.verify(self.publisher, self.final,
                              self.publisher.models / "central.tflite")
        self.check("an unmarked model is not claimed", code == 1, "NOT SHOWN for the central model")
        code, trace = leak.trace(self.publisher, self.v2, suspect, 2, self.certificates)
        accused = [a["recipient"] for a in trace["accused"]]
        names = {v: k for k, v in self.device_ids.items()}
        traced = names.get(accused[0], accused[0]) if accused else None
        self.check("the fingerprint names the leaking device and no other",
                   code == 0 and len(accused) == 1 and traced == leaking,
                   f"{traced} of {len(self.names)}, p = {trace['p_value']:.1e}")
        self.report.data["watermark"] = {
            "p_value": verdict["p_value"], "leaking_device": leaking, "traced_device": traced,
            "trace_p_value": trace["p_value"], "accuracy_of_leak": accuracy,
            "score_threshold": trace["threshold"],
            "scores": {names.get(s["recipient"], s["recipient"]): s["score"]
                       for s in trace["scores"]}}


def main(argv):
    options = arguments.parse(argv)
    out = pathlib.Path(options.out)
    if out.exists() and any(out.iterdir()) and not (out / ".sotto-quickstart").exists():
        print(f"quickstart: {out} holds other files; choose another --out", file=sys.stderr)
        return 2
    shutil.rmtree(out, ignore_errors=True)
    (out / "logs").mkdir(parents=True)
    (out / ".sotto-quickstart").touch()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    job = Job(options)
    error = None
    try:
        job.run()
    except (Failure, OSError, ValueError, KeyError) as caught:
        error = caught if isinstance(caught, (Failure, OSError, ValueError)) \
            else f"missing field {caught}"
        job.progress.end()
        job.report.check("the run reached its end", False, str(error).splitlines()[0])
        print(f"\nquickstart: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        job.progress.end()
        print("\nquickstart: interrupted; everything it started is stopped", file=sys.stderr)
        return 130
    finally:
        stop_all()
        job.report.write(job.out)
    failed = job.report.failed()
    print(f"\n{job.report.summary()}\n\nreport: {job.out / 'report.html'}")
    if failed:
        print("FAILED: " + "; ".join(c["name"] for c in failed), file=sys.stderr)
        return 1
    print("every check held")
    return 0
