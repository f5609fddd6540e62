"""Rounds with noise and the two ledgers: the coordinator stops a task whose budget
is spent, a device leaves a round that its own policy does not pay for."""
import contextlib
import json
import sqlite3
import ssl
import subprocess
import time
import unittest
import urllib.request

from demo import rounds
from integration.harness import TOOLS, FleetCase

# A small clip: the noise of a few devices is of its size in every weight, and
# training from far off the model diverges.
NOISE = {"clip-norm": 0.01, "scale": 409600, "bits": 32, "min-cohort": 3,
         "corrupted-fraction": 0.1, "noise": "discrete-gaussian", "noise-multiplier": 2,
         "delta": 1e-6, "unit": "user", "sampling": "none", "learning-rate": 0.05,
         "batch-size": 8, "min-examples": 4}
LAX = {"max_epsilon": 100, "trust_horizon_rounds": 1}


class NoisyCase(FleetCase):
    def plan(self, **changes):
        """Writes and publishes train.plan; what `task plan --json` says of it."""
        settings = {**NOISE, **{k.replace("_", "-"): v for k, v in changes.items()}}
        result = subprocess.run(
            [str(word) for word in
             (TOOLS / "sotto", "task", "plan", "--task", "train", "--model-name",
              "digits/cnn", "--model", self.base, "--out", self.out / "train.plan", "--json",
              *[w for k, v in settings.items() if v is not None for w in (f"--{k}", v)])],
            capture_output=True, text=True, timeout=60)
        if result.returncode != 0:
            return result.stderr
        self.publisher.publish_plan(self.out / "train.plan")
        return json.loads(result.stdout)

    def start_fleet(self, label, policy):
        fleet = self.fleet_for(label)
        self.start(fleet)
        for name in self.names:
            fleet._configs[name][1]["policy"] = policy
        return fleet

    def create_task(self, fleet, rounds_wanted, **settings):
        """With patience: a round that a busy machine abandons is a step of the noise
        that no release uses, and the tests count releases."""
        patience = {"selection_ms": 20_000, "step_ms": 20_000}
        super().create_task(fleet, rounds_wanted, **{**patience, **settings})

    def metric(self, fleet, name):
        """A counter of the coordinator's."""
        trust = ssl.create_default_context(cafile=self.identities.tls / "ca.pem")
        url = f"https://127.0.0.1:{fleet.endpoints['http_port']}/metrics"
        with urllib.request.urlopen(url, context=trust, timeout=10) as reply:
            counts = dict(line.split() for line in reply.read().decode().splitlines()
                          if not line.startswith("#"))
        return int(counts[f"sotto_{name}_total"])

    def wait_for_state(self, fleet, state):
        return self.wait_for(fleet, lambda status: status["state"] == state)

    def wait_for(self, fleet, holds):
        """The task's status, once it holds."""
        deadline = time.monotonic() + 60
        while True:
            status = fleet.admin("task", "status", "--task", "train")
            if holds(status):
                return status
            self.assertLess(time.monotonic(), deadline, status)
            time.sleep(0.1)


class NoisyRoundsTest(NoisyCase):
    DEVICES = 3

    def test_what_a_plan_must_state(self):
        for missing, says in (("epsilon", "--epsilon"), ("delta", "--delta"),
                              ("unit", "--unit"), ("sampling", "--sampling"),
                              ("noise", "--noise"), ("noise-multiplier", "--noise-std")):
            self.assertIn(says, self.plan(**{"epsilon": 9, missing: None}), missing)
        self.assertIn("does not pay for one round", self.plan(epsilon=0.5))
        self.assertIn("max_weight 1", self.plan(epsilon=9, max_weight=128))
        self.assertIsNone(self.plan(epsilon=30, max_participations=2)["rounds_in_budget"])

    def test_the_task_ends_with_its_budget_and_the_ledgers_agree(self):
        one = self.plan(epsilon=9)["round_epsilon"]
        made = self.plan(epsilon=one * 1.5)
        self.assertEqual(made["rounds_in_budget"], 2)
        fleet = self.start_fleet("budget", LAX)
        self.create_task(fleet, 5)
        for name in self.names:
            fleet.start_device(name)
        status = self.wait_for_state(fleet, "out_of_budget")
        self.assertEqual(status["rounds_committed"], 2)
        self.assertRegex(status["reason"], r"round 3 of task 'train' would bring epsilon to")
        privacy = status["privacy"]
        self.assertEqual(privacy["releases"], 2)
        self.assertLessEqual(privacy["spent_epsilon"], privacy["budget_epsilon"])
        self.assertGreater(privacy["next_epsilon"], privacy["budget_epsilon"])
        explained = fleet.admin("task", "explain", "--task", "train", "--round", 2)
        self.assertTrue(explained["noisy"])
        self.assertEqual(explained["included"], self.DEVICES)
        # The committed sum is that of the residues that left the devices.
        by_id = fleet.out / "by_id"
        by_id.mkdir()
        for member, name in zip(explained["devices"], self.names, strict=True):
            (by_id / member["device_id"]).symlink_to(fleet.out / "updates" / name)
        exact, detail = rounds.sum_is_exact(explained, by_id)
        self.assertTrue(exact, detail)
        rounds.export(fleet, self.base, 2, fleet.out / "after.tflite")
        # A device's ledger: its two rounds, and the one it is charged with at first.
        for name in self.names:
            spent = fleet.devices[name].last(lambda e: e.get("event") == "privacy")
            self.assertEqual(spent["round"], 2)
            self.assertGreater(spent["epsilon"], privacy["spent_epsilon"])
        fleet.stop()
        rows = sqlite3.connect(fleet.storage(self.names[0]) / "client.db").execute(
            "SELECT task, round, count FROM privacy_release ORDER BY task, round").fetchall()
        self.assertEqual(rows, [("", 0, 1), ("train", 1, 1), ("train", 2, 1)])
        # A restarted coordinator has not forgotten.
        fleet.start_coordinator()
        again = fleet.admin("task", "status", "--task", "train")
        self.assertEqual((again["state"], again["privacy"]), ("out_of_budget", privacy))

    def test_devices_leave_when_their_own_budget_is_spent(self):
        one = self.plan(epsilon=9)["round_epsilon"]
        fleet = self.start_fleet("poor", {"max_epsilon": one * 1.2, "trust_horizon_rounds": 0})
        # A fresh device that is charged with rounds from before pays for none.
        fleet._configs[self.names[2]][1]["policy"] = {"max_epsilon": one * 1.2}
        self.create_task(fleet, 5)
        devices = [fleet.start_device(name) for name in self.names]
        fresh = devices[2].wait_for(lambda e: e.get("where") == "round", 60, "a refusal")
        self.assertEqual(fresh["code"], "RESOURCE_EXHAUSTED")
        self.assertIn("policy.trust_horizon_rounds", fresh["message"])
        self.assertIsNone(devices[2].last(lambda e: e.get("event") == "trained"))
        # With a policy that pays for them it makes the third of the round.
        devices[2].kill()
        fleet._configs[self.names[2]][1]["policy"] = LAX
        fleet.start_device(self.names[2])
        for device in devices[:2]:
            done = device.wait_for(lambda e: e.get("event") == "round", 60, "a round")
            self.assertEqual((done["round"], done["outcome"]), (1, "COMMITTED"))
            error = device.wait_for(lambda e: e.get("where") == "round", 60, "a refusal")
            self.assertEqual(error["code"], "RESOURCE_EXHAUSTED")
            self.assertIn("its policy.max_epsilon is", error["message"])
            self.assertEqual(device.last(lambda e: e.get("event") == "trained")["round"], 1)
        status = fleet.admin("task", "status", "--task", "train")
        self.assertEqual((status["state"], status["privacy"]["releases"]), ("running", 1))

    def test_a_trusted_coordinators_tree_runs_to_its_end(self):
        self.assertIn("--noise-rounds", self.plan(epsilon=9, noise_rounds=2))
        self.assertIn("--noise-rounds", self.plan(epsilon=9, noise="coordinator-tree"))
        made = self.plan(epsilon=30, noise="coordinator-tree", noise_rounds=2)
        self.assertEqual(made["rounds_in_budget"], 2)
        fleet = self.start_fleet("tree", {**LAX, "trust_coordinator_noise": True})
        trusting = fleet._configs[self.names[2]][1]["policy"]
        fleet._configs[self.names[2]][1]["policy"] = LAX
        self.create_task(fleet, 5)
        devices = [fleet.start_device(name) for name in self.names]
        error = devices[2].wait_for(lambda e: e.get("where") == "round", 60, "a refusal")
        self.assertEqual(error["code"], "PERMISSION_DENIED")
        self.assertIn("policy.trust_coordinator_noise", error["message"])
        devices[2].kill()
        fleet._configs[self.names[2]][1]["policy"] = trusting
        fleet.start_device(self.names[2])
        status = self.wait_for_state(fleet, "out_of_budget")
        self.assertRegex(status["reason"], r"round 3 of task 'train' is after the last")
        self.assertEqual(status["rounds_committed"], 2)
        self.assertLessEqual(status["privacy"]["spent_epsilon"], 30)
        explained = fleet.admin("task", "explain", "--task", "train", "--round", 2)
        self.assertTrue(explained["noisy"])
        # The sum that was unmasked has no noise, and is shown to nobody.
        self.assertEqual(explained.get("update_sum", ""), "")
        rounds.export(fleet, self.base, 2, fleet.out / "after.tflite")

    def test_training_that_diverges_is_tried_once_a_round(self):
        self.plan(epsilon=30, learning_rate=1e30)
        fleet = self.start_fleet("diverging", LAX)
        self.create_task(fleet, 1)
        device = fleet.start_device(self.names[0])
        diverged = lambda e: "training diverged" in e.get("message", "")  # noqa: E731
        device.wait_for(diverged, 60, "a training that diverges")
        time.sleep(3)  # a failure that is tried again comes back in 0.1 to 0.4 s
        self.assertEqual(len([e for e in device.events if diverged(e)]), 1)
        self.assertTrue(device.alive())
        # It asks less and less whether the round has ended: every 0.2 to 0.5 s,
        # 0.4 to 1 s and so on.
        self.assertLessEqual(self.metric(fleet, "assignments"), 6)

    def test_no_noise_needs_the_policys_word(self):
        self.plan(epsilon=None, delta=None, unit=None, sampling=None, noise=None,
                  noise_multiplier=None)
        fleet = self.start_fleet("bare", {"max_epsilon": 1})
        self.create_task(fleet, 1)
        device = fleet.start_device(self.names[0])
        error = device.wait_for(lambda e: e.get("where") == "round", 60, "a refusal")
        self.assertEqual(error["code"], "PERMISSION_DENIED")
        self.assertIn("policy.allow_without_noise", error["message"])


class MatrixRoundsTest(NoisyCase):
    DEVICES = 6

    def test_a_matrix_runs_to_its_end_and_is_forgotten(self):
        banded = {"epsilon": 30, "noise": "coordinator-banded", "noise_rounds": 3, "bands": 2}
        self.assertIn("at least the 2 bands", self.plan(**banded))
        self.assertIn("--bands", self.plan(**{**banded, "bands": None}))
        self.assertIn("--bands", self.plan(epsilon=9, bands=2))
        made = self.plan(**banded, min_separation_rounds=2, max_participations=2)
        self.assertIsNone(made["rounds_in_budget"])
        fleet = self.start_fleet("banded", {**LAX, "trust_coordinator_noise": True})
        self.create_task(fleet, 5, goal=3)
        for name in self.names[:3]:
            fleet.start_device(name)
        self.wait_for(fleet, lambda status: status["rounds_committed"] == 1)
        self.assertEqual(self.rows(fleet, "noise_rows"), 1)
        # These were in round 1, so others are in round 2, and they again in round 3.
        for name in self.names[3:]:
            fleet.start_device(name)
        status = self.wait_for(fleet, lambda status: status["state"] == "out_of_budget")
        self.assertRegex(status["reason"], r"round 4 of task 'train' is after the last")
        self.assertEqual((status["rounds_committed"], status["privacy"]["releases"]), (3, 3))
        rounds.export(fleet, self.base, 3, fleet.out / "after.tflite")
        self.assertEqual(self.rows(fleet, "noise_rows"), 0)
        self.assertEqual(self.rows(fleet, "noise_seeds"), 0)

    def rows(self, fleet, table):
        state = sqlite3.connect(f"file:{fleet.out / 'coordinator.db'}?mode=ro", uri=True)
        with contextlib.closing(state):
            return state.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


if __name__ == "__main__":
    unittest.main()
