"""The committed sum is the plain sum of the survivors' encoded updates, for no,
one and several devices lost at each step of the protocol."""
import time
import unittest

from demo import rounds
from integration.harness import FleetCase


class ExactnessTest(FleetCase):
    DEVICES = 6

    def run_round(self, label, crashes):
        """One round in which `crashes` {device: step} die; returns `explain`."""
        fleet = self.fleet_for(label)
        self.start(fleet)
        self.create_task(fleet, 1)
        for name in self.names:
            env = {"SOTTO_CRASH_AT": f"device-{crashes[name]}"} if name in crashes else None
            fleet.start_device(name, env=env)
        deadline = time.monotonic() + 90
        while True:
            status = fleet.admin("task", "status", "--task", "train")
            done = [r for r in status["rounds"] if r["state"] == "committed"]
            if done:
                break
            self.assertLess(time.monotonic(), deadline, f"{label}: no round committed")
            time.sleep(0.1)
        explained = fleet.admin("task", "explain", "--task", "train", "--round",
                                done[0]["round"])
        ids = {n: fleet.devices[n].last(lambda e: e.get("event") == "enrolled")["device_id"]
               for n in self.names}
        by_id = fleet.out / "by_id"
        by_id.mkdir()
        for name, device_id in ids.items():
            (by_id / device_id).symlink_to(fleet.out / "updates" / name)
        exact, detail = rounds.sum_is_exact(explained, by_id)
        self.assertTrue(exact, f"{label}: {detail}")
        outcome = {d["device_id"]: d["outcome"] for d in explained["devices"]}
        for name in crashes:
            self.assertFalse(fleet.devices[name].alive(), f"{name} was to crash")
        fleet.stop()
        return explained, {n: outcome.get(ids[n]) for n in self.names}

    def test_nobody_drops_out(self):
        explained, outcomes = self.run_round("none", {})
        self.assertEqual(explained["included"], self.DEVICES)
        self.assertEqual(set(outcomes.values()), {"included"})

    def test_dropouts_at_each_step(self):
        # After its masked input is in, a device is part of the sum even if it dies.
        counted = {"consistency", "unmask"}
        for step in rounds.STEPS:
            for lost in (1, 2):
                with self.subTest(step=step, lost=lost):
                    crashes = {n: step for n in self.names[:lost]}
                    explained, outcomes = self.run_round(f"{step}_{lost}", crashes)
                    expected = self.DEVICES if step in counted else self.DEVICES - lost
                    self.assertEqual(explained["included"], expected)
                    for name in crashes:
                        if step in counted:
                            self.assertEqual(outcomes[name], "included")
                        else:
                            self.assertNotEqual(outcomes[name], "included")


if __name__ == "__main__":
    unittest.main()
