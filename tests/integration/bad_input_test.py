"""Bad input gets an error that names the object, and loses nothing."""
import socket
import subprocess
import time
import unittest

from demo.processes import Failure
from integration.harness import TOOLS, FleetCase


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True,
                          timeout=60)


class BadInputTest(FleetCase):
    DEVICES = 3

    def test_unknown_flags_are_usage_errors(self):
        for program in ("sotto", "sotto-coordinator", "sotto-device", "sotto-watermark"):
            result = run(TOOLS / program, "--no-such-flag")
            self.assertEqual(result.returncode, 2, program)
            self.assertIn("no-such-flag", result.stderr + result.stdout)

    def test_a_busy_port_is_named(self):
        fleet = self.fleet_for("busy")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with self.assertRaises(Failure) as caught:
                fleet.start_coordinator(port=port)
        self.assertIn(str(port), str(caught.exception))

    def test_damaged_models_are_refused_by_name(self):
        good = self.base.read_bytes()
        for label, data in {"truncated": good[:len(good) // 2], "empty": b"",
                            "other": b"not a model" * 100}.items():
            path = self.out / f"{label}.tflite"
            path.write_bytes(data)
            result = run(TOOLS / "sotto", "model", "inspect", path)
            self.assertEqual(result.returncode, 1, label)
            self.assertIn(path.name, result.stderr)

    def test_a_bit_flipped_container_is_not_installed(self):
        fleet = self.fleet_for("flipped")
        targets = list((self.identities.store / "models" / "targets").rglob("*.mseal"))
        self.assertTrue(targets)
        originals = {p: p.read_bytes() for p in targets}
        try:
            for path, data in originals.items():
                damaged = bytearray(data)
                damaged[len(damaged) // 2] ^= 1
                path.write_bytes(damaged)
            self.start(fleet)
            device = fleet.start_device(self.names[0])
            event = device.wait_for(lambda e: e.get("event") == "error", 30, "an error")
            self.assertIn(".mseal", event["message"])
            self.assertIsNone(device.last(lambda e: e.get("event") == "model"))
        finally:
            for path, data in originals.items():
                path.write_bytes(data)
        # The same device recovers by itself once the mirror is whole again.
        device.wait_for(lambda e: e.get("event") == "model", 60, "the model")

    def test_a_revoked_device_is_told_so(self):
        fleet = self.fleet_for("revoked")
        self.start(fleet)
        device = fleet.start_device(self.names[0])
        enrolled = device.wait_for(lambda e: e.get("event") == "enrolled", 30, "enrolment")
        fleet.admin("device", "revoke", "--device", enrolled["device_id"])
        device.stop()
        again = fleet.start_device(self.names[0])
        event = again.wait_for(lambda e: e.get("event") == "error", 30, "an error")
        self.assertIn("revoked", event["message"])

    def test_another_coordinators_key_is_refused(self):
        fleet = self.fleet_for("impostor")
        _, config = fleet._configs[self.names[0]]
        config["coordinator_public"] = "11" * 32
        self.start(fleet)
        self.create_task(fleet, 1)
        for name in self.names[1:]:
            fleet.start_device(name)
        device = fleet.start_device(self.names[0])
        event = device.wait_for(lambda e: e.get("event") == "error", 60, "an error")
        self.assertIn("signature", event["message"])
        self.assertIsNone(device.last(lambda e: e.get("event") == "step"))

    def test_a_stopped_coordinator_loses_nothing(self):
        fleet = self.fleet_for("restart")
        self.start(fleet)
        port = fleet.endpoints["grpc_port"]
        device = fleet.start_device(self.names[0])
        device.wait_for(lambda e: e.get("event") == "evaluated", 30, "an evaluation")
        self.assertEqual(fleet.coordinator.stop(), 0)
        time.sleep(1)
        self.assertTrue(device.alive(), "a device outlives its coordinator")
        fleet.start_coordinator(port=port)
        listed = fleet.admin("device", "list")["devices"]
        self.assertEqual(len(listed), 1)


if __name__ == "__main__":
    unittest.main()
