"""Identities that end: certificates that expire, devices that are revoked."""
import datetime
import time
import unittest

from demo.processes import run
from integration.harness import TOOLS, FleetCase


class IdentityTest(FleetCase):
    DEVICES = 4

    def certify(self, storage, seconds):
        """A new certificate for the identity in `storage`, short-lived."""
        until = datetime.datetime.now(datetime.timezone.utc) + \
            datetime.timedelta(seconds=seconds)
        run([TOOLS / "sotto", "device", "issue", "--issuer-key",
             self.identities.keys / "issuer.key", "--request", storage / "request",
             "--until", until.strftime("%Y-%m-%dT%H:%M:%SZ"),
             "--out", storage / "short"])
        run([TOOLS / "sotto-device", "install-certificate", "--storage", storage,
             "--certificate", storage / "short"])

    def test_an_expired_certificate_is_refused_by_name_and_a_new_one_helps(self):
        fleet = self.fleet_for("expired")
        self.start(fleet)
        self.create_task(fleet, 1)  # one device cannot form a cohort: it polls
        name = self.names[0]
        self.certify(fleet.storage(name), 6)
        device = fleet.start_device(name)
        enrolled = device.wait_for(lambda e: e.get("event") == "enrolled", 30, "enrolment")
        event = device.wait_for(lambda e: e.get("event") == "error", 60, "an error")
        self.assertIn("expired", event["message"])
        self.assertIn(enrolled["device_id"], event["message"])
        self.assertTrue(device.alive())
        self.assertEqual(device.stop(), 0)

        again = fleet.start_device(name)
        self.assertEqual(again.process.wait(20), 1)
        log = again.log_path.read_text()
        self.assertIn("certificate.installed", log)
        self.assertIn("request certified again", log)

        self.certify(fleet.storage(name), 600)
        third = fleet.start_device(name)
        third.wait_for(lambda e: e.get("event") == "enrolled", 30, "enrolment")

    def test_a_certificate_that_ends_in_the_past_is_not_issued(self):
        storage = self.template.storage(self.names[0])
        code, _ = run([TOOLS / "sotto", "device", "issue", "--issuer-key",
                       self.identities.keys / "issuer.key", "--request",
                       storage / "request", "--until", "2020-01-01T00:00:00Z",
                       "--out", storage / "past"], ok=(1,))
        self.assertEqual(code, 1)
        self.assertFalse((storage / "past").exists())

    def test_a_device_revoked_in_the_middle_of_a_round_leaves_and_the_round_commits(self):
        fleet = self.fleet_for("revoked-mid")
        self.start(fleet)
        self.create_task(fleet, 1, minimum=3)
        victim = self.names[0]

        def revoke(child, event):
            # In the reader's thread; the step's message leaves meanwhile or later.
            if event.get("event") == "step" and event.get("step") == "share_keys":
                enrolled = child.last(lambda e: e.get("event") == "enrolled")
                fleet.admin("device", "revoke", "--device", enrolled["device_id"],
                            "--reason", "lost in a train")

        children = [fleet.start_device(n, on_event=revoke if n == victim else None)
                    for n in self.names]
        event = children[0].wait_for(
            lambda e: e.get("event") == "error" and "revoked" in e["message"], 60, "the error")
        self.assertIn("lost in a train", event["message"])
        self.assertTrue(children[0].alive())
        deadline = time.monotonic() + 60
        while fleet.admin("task", "status", "--task", "train")["state"] != "done":
            self.assertLess(time.monotonic(), deadline, "the round did not commit")
            time.sleep(0.3)
        round_one = fleet.admin("task", "explain", "--task", "train", "--round", 1)
        self.assertGreaterEqual(round_one["included"], 3)
        for child in children[1:]:
            event = child.wait_for(lambda e: e.get("event") == "round", 30, "the outcome")
            self.assertEqual(event["outcome"], "COMMITTED")


if __name__ == "__main__":
    unittest.main()
