"""Steps 5 and 6: federated rounds with devices killed at random points."""
import random
import struct
import threading
import time

from .fleet import MODEL, POPULATION
from .processes import Failure, run, run_json

STEPS = ("advertise", "share_keys", "masked_input", "consistency", "unmask")


class Killer:
    """Sends SIGKILL to chosen devices when they announce a chosen step, and
    starts them again a moment later."""

    def __init__(self, fleet, names, rounds, seed, say):
        rng = random.Random(seed)
        self._fleet, self._say = fleet, say
        self._lock = threading.Lock()
        self._plan = {}
        self.killed = []
        for number in range(2, rounds + 1):
            if rng.random() < 0.45:
                for name in rng.sample(names, rng.choice((1, 1, 2))):
                    self._plan[(number, name)] = rng.choice(STEPS)

    def on_event(self, child, event):
        if event.get("event") != "step":
            return
        key = (event.get("round"), child.name)
        with self._lock:
            if self._plan.get(key) != event.get("step"):
                return
            del self._plan[key]
            self.killed.append({"round": key[0], "device": child.name,
                                "step": event["step"]})
        child.process.kill()
        threading.Thread(target=self._restart, args=(child.name,), daemon=True).start()

    def _restart(self, name):
        time.sleep(0.5)
        self._fleet.devices[name].process.wait()
        self._fleet.start_device(name, on_event=self.on_event)


def make_plan(tools, out, model, devices, settings):
    plan = out / "train.plan"
    run([tools / "sotto", "task", "plan", "--task", "train", "--model-name", MODEL,
         "--model", model, "--out", plan,
         *[word for key, value in settings.items() for word in (f"--{key}", value)]])
    return plan


def create_task(fleet, model, rounds, devices):
    fleet.admin("task", "create", "--task", "train", "--population", POPULATION,
                "--plan", "plan/train.plan", "--model", model, "--rounds", rounds,
                "--cohort-goal", devices, "--cohort-min", max(3, devices * 3 // 4),
                "--selection-timeout-ms", 2500, "--step-timeout-ms", 2500)


def held_out_accuracy(tools, model, data):
    return run_json([tools / "sotto", "model", "evaluate", model, "--data", data,
                     "--split", "test", "--json"])["accuracy"]


def export(fleet, model, number, path):
    fleet.admin("task", "export", "--task", "train", "--round", number,
                "--model", model, "--out", path)
    return path


def sum_is_exact(explained, updates):
    """Compares the committed sum with the plain sum of the survivors' encoded
    updates, which the devices wrote out of band before masking."""
    committed = bytes.fromhex(explained["update_sum"])
    count = len(committed) // 4
    total = [0] * count
    included = [d["device_id"] for d in explained["devices"] if d["outcome"] == "included"]
    for device in included:
        path = updates / device / f"{explained['round_id']}.u32"
        if not path.exists():
            return False, f"device {device[:8]} left no encoded update"
        values = struct.unpack(f"<{count}I", path.read_bytes())
        total = [a + b for a, b in zip(total, values)]
    mask = (1 << explained["bits"]) - 1
    plain = struct.pack(f"<{count}I", *[v & mask for v in total])
    return plain == committed, f"{len(included)} survivors, {count} coordinates"


def watch(fleet, tools, model, rounds, progress, data, timeout):
    """Yields each committed round with its held-out accuracy."""
    deadline = time.monotonic() + timeout
    seen = 0
    while seen < rounds:
        status = fleet.admin("task", "status", "--task", "train")
        for entry in [r for r in status["rounds"] if r["state"] == "committed"][seen:]:
            seen += 1
            path = export(fleet, model, entry["round"],
                          fleet.out / "models" / f"round_{entry['round']:03d}.tflite")
            entry["accuracy"] = held_out_accuracy(tools, path, data)
            entry["model"] = path
            yield entry
        progress.bar("rounds", seen, rounds)
        if not fleet.coordinator.alive():
            raise Failure(f"the coordinator ended; see {fleet.coordinator.log_path}")
        if time.monotonic() > deadline:
            raise Failure(f"only {seen} of {rounds} rounds in {timeout} s; "
                          "`sotto task explain` tells why")
        time.sleep(0.15)
