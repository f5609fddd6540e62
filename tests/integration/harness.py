"""A small fleet in a temporary folder, for the integration tests.

Uses the quick start's fleet code: identities, a published release, a plan, a
coordinator and devices as real processes over TLS on loopback.
"""
import os
import pathlib
import shutil
import tempfile
import unittest

from demo import releases, rounds, shards
from demo.fleet import MODEL, Fleet
from demo.identities import Identities
from demo.main import PLAN
from demo.processes import stop_all

TOOLS = pathlib.Path(os.environ.get("SOTTO_BINARIES", "build/dev/bin")).resolve()
DIGITS = os.environ.get("SOTTO_DIGITS", os.path.expanduser("~/.cache/sotto/digits.csv.gz"))


class FleetCase(unittest.TestCase):
    """One fleet a class; `DEVICES` devices that know a published release 1."""
    DEVICES = 6

    @classmethod
    def setUpClass(cls):
        if not pathlib.Path(DIGITS).exists():
            raise unittest.SkipTest(f"skipped: {DIGITS} is absent; run deploy/fetch-digits")
        cls.out = pathlib.Path(tempfile.mkdtemp(prefix="sotto-it-"))
        (cls.out / "logs").mkdir()
        cls.summary = shards.write_all(cls.out / "data", *shards.load_digits(DIGITS),
                                       cls.DEVICES, seed=3)
        cls.identities = Identities(TOOLS, cls.out)
        cls.public = cls.identities.make(MODEL.split("/")[0])
        cls.publisher = releases.Publisher(TOOLS, cls.out, cls.identities)
        cls.base = cls.publisher.new_model(cls.summary, 1, "base.tflite")
        plan = rounds.make_plan(TOOLS, cls.out, cls.base, cls.DEVICES,
                                {**PLAN, "epochs": 1})
        cls.certificates = cls.out / "certificates"
        cls.certificates.mkdir()
        cls.names = [f"device_{i:02d}" for i in range(cls.DEVICES)]
        cls.template = Fleet(TOOLS, cls.out, cls.identities, cls.public)
        for name in cls.names:
            certificate = cls.template.add_device(
                name, cls.out / "data" / name, export_updates=cls.out / "updates" / name)
            shutil.copy(certificate, cls.certificates / f"{name}.cert")
        cls.publisher.publish(cls.base, 1, cls.certificates)
        cls.publisher.publish_plan(plan)
        cls.publisher.publish_policy("quickstart", 5000, 1000)

    @classmethod
    def tearDownClass(cls):
        stop_all()
        if os.environ.get("SOTTO_KEEP"):
            print(f"kept {cls.out}")
        else:
            shutil.rmtree(cls.out, ignore_errors=True)

    def tearDown(self):
        stop_all()

    def fleet_for(self, label):
        """A fresh coordinator state and fresh device storages, same identities:
        everything under `out`/`label`."""
        folder = self.out / label
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "logs").mkdir(parents=True)
        (folder / "models").mkdir()
        fleet = Fleet(TOOLS, folder, self.identities, self.public)
        for name in self.names:
            storage, config = self.template._configs[name]
            copy = folder / "devices" / name
            shutil.copytree(storage, copy)
            updates = folder / "updates" / name
            updates.mkdir(parents=True)
            fleet._configs[name] = (copy, {**config, "storage": str(copy),
                                           "export_updates": str(updates)})
        return fleet

    def start(self, fleet, env=None):
        fleet.start_coordinator(env=env)
        fleet.admin("rollout", "release", "--model", MODEL, "--release", 1)

    def create_task(self, fleet, rounds_wanted, goal=None, minimum=3,
                    selection_ms=1500, step_ms=1500):
        fleet.admin("task", "create", "--task", "train", "--population", "digits",
                    "--plan", "plan/train.plan", "--model", self.base, "--rounds",
                    rounds_wanted, "--cohort-goal", goal or self.DEVICES, "--cohort-min",
                    minimum, "--selection-timeout-ms", selection_ms,
                    "--step-timeout-ms", step_ms)
