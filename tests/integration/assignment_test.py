"""`sotto rollout assign` says what the devices compute themselves."""
import datetime
import subprocess
import time
import unittest

from demo.fleet import MODEL
from demo.processes import run_json
from integration.harness import TOOLS, FleetCase


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class AssignmentTest(FleetCase):
    DEVICES = 6

    def assign(self, device_id, *more):
        return run_json([TOOLS / "sotto", "rollout", "assign", "--store",
                         self.identities.store, "--model", MODEL, "--device", device_id,
                         "--json", *more])

    def refused(self, *arguments):
        result = subprocess.run([TOOLS / "sotto", "rollout", "assign", "--store",
                                 self.identities.store, "--model", MODEL, *arguments],
                                capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, 1, result.stdout)
        return result.stderr

    def test_it_agrees_with_every_device_now_and_before_the_rollout(self):
        self.publisher.publish(self.base, 2, self.certificates)
        fleet = self.fleet_for("assign")
        before_all = now()
        time.sleep(1.1)
        self.start(fleet)
        devices = [fleet.start_device(name) for name in self.names]
        ids = [d.wait_for(lambda e: e.get("event") == "enrolled", 60, "enrolment")["device_id"]
               for d in devices]
        for device in devices:
            device.wait_for(lambda e: e.get("event") == "evaluated", 60, "an evaluation")
        time.sleep(1.1)
        before = now()
        time.sleep(1.1)
        fleet.admin("rollout", "start", "--model", MODEL, "--policy",
                    "policy/quickstart.json", "--control", 1, "--treatment", 2,
                    "--steps", "50,100", "--dwell-ms", 600000, "--guardrail",
                    "error_rate:alpha=0.05,n=200,min=8", "--min-devices-per-arm", 1)
        arms = set()
        for device, device_id in zip(devices, ids):
            event = device.wait_for(lambda e: e.get("event") == "arm" and e["seq"] == 2,
                                    60, "the new rules")
            said = self.assign(device_id)
            self.assertEqual((said["arm"], said["release"], said["seq"]),
                             (event["arm"], event["release"], event["seq"]))
            self.assertIn("gate", said["reason"])
            arms.add(said["arm"])
            earlier = self.assign(device_id, "--at", before)
            self.assertEqual((earlier["arm"], earlier["release"], earlier["seq"]), ("", 1, 1))
        self.assertTrue({"control", "treatment"} <= arms, arms)

        self.assertIn("no rules at", self.refused("--device", ids[0], "--at", before_all))
        self.assertIn("--at", self.refused("--device", ids[0], "--at", "yesterday"))
        self.assertIn("'zz'", self.refused("--device", "zz"))
        wrong_root = self.identities.store / "models/metadata/1.root.json"
        self.assertIn("PERMISSION_DENIED", self.refused("--device", ids[0], "--root", wrong_root))


if __name__ == "__main__":
    unittest.main()
