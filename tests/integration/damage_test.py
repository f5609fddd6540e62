"""Files that are damaged, missing, locked or do not fit on the disk: the error
names them, and what was there before is still there."""
import os
import pathlib
import shutil
import subprocess
import time
import unittest

from demo.processes import Failure
from integration.harness import TOOLS, FleetCase


class DamageTest(FleetCase):
    DEVICES = 3

    @staticmethod
    def drop_logs(database):
        for suffix in ("-wal", "-shm"):
            pathlib.Path(f"{database}{suffix}").unlink(missing_ok=True)

    def run_device(self, fleet, name):
        """Starts it, expects it to end by itself; returns (exit code, its words)."""
        result = subprocess.run(
            [TOOLS / "sotto-device", "run", "--config", fleet.storage(name) / "device.json"],
            capture_output=True, text=True, timeout=20)
        return result.returncode, result.stderr

    def evaluated(self, fleet, name):
        device = fleet.start_device(name)
        device.wait_for(lambda e: e.get("event") == "evaluated", 30, "an evaluation")
        return device

    def test_a_second_coordinator_on_the_same_state_is_refused(self):
        fleet = self.fleet_for("second")
        self.start(fleet)
        second = subprocess.run(
            [TOOLS / "sotto-coordinator", "--config", fleet.out / "coordinator.json"],
            capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("coordinator.db.lock", second.stderr)
        self.assertIn("another process", second.stderr)
        fleet.coordinator.kill()
        fleet.start_coordinator()  # a killed one lets go

    def test_a_damaged_coordinator_state_is_named_and_left_alone(self):
        fleet = self.fleet_for("state")
        self.start(fleet)
        fleet.stop()
        database = fleet.out / "coordinator.db"
        good = database.read_bytes()
        damaged = {"garbage": b"x" * 8192, "truncated": good[:len(good) // 2],
                   "overwritten": good[:4096] + os.urandom(len(good) - 4096)}
        for label, data in damaged.items():
            with self.subTest(label):
                database.write_bytes(data)
                self.drop_logs(database)
                (fleet.out / "logs" / "coordinator.log").unlink()
                with self.assertRaises(Failure) as caught:
                    fleet.start_coordinator()
                self.assertIn(str(database), str(caught.exception))
                self.assertIn("put a good copy", str(caught.exception))
                self.assertEqual(database.read_bytes(), data)
        database.write_bytes(good)
        self.drop_logs(database)
        fleet.start_coordinator()
        self.evaluated(fleet, self.names[0])

    def test_a_damaged_device_state_is_named_and_left_alone(self):
        fleet = self.fleet_for("device-state")
        self.start(fleet)
        name = self.names[0]
        self.assertEqual(self.evaluated(fleet, name).stop(), 0)
        database = fleet.storage(name) / "client.db"
        good = database.read_bytes()
        for label, data in {"garbage": b"x" * 8192,
                            "overwritten": good[:4096] + os.urandom(len(good) - 4096)}.items():
            with self.subTest(label):
                database.write_bytes(data)
                self.drop_logs(database)
                code, words = self.run_device(fleet, name)
                self.assertEqual(code, 1)
                self.assertIn(str(database), words)
                self.assertIn("put a good copy", words)
        database.write_bytes(good)
        self.drop_logs(database)
        fleet.start_device(name).wait_for(lambda e: e.get("event") == "loaded", 30, "the model")

    def test_a_damaged_installed_model_is_fetched_again(self):
        fleet = self.fleet_for("installed")
        self.start(fleet)
        name = self.names[0]
        self.assertEqual(self.evaluated(fleet, name).stop(), 0)
        containers = list((fleet.storage(name) / "models").rglob("*.mseal"))
        self.assertEqual(len(containers), 1)
        damaged = bytearray(containers[0].read_bytes())
        damaged[len(damaged) // 2] ^= 1
        containers[0].write_bytes(damaged)
        again = fleet.start_device(name)
        event = again.wait_for(lambda e: e.get("event") == "model", 30, "the model")
        self.assertGreater(event["downloaded_bytes"], 0)

    def test_unreadable_training_data_is_named(self):
        fleet = self.fleet_for("unreadable")
        self.start(fleet)
        name = self.names[0]
        storage, config = fleet._configs[name]
        cut = fleet.out / "cut"
        shutil.copytree(config["data"], cut)
        for path in cut.iterdir():
            path.write_bytes(path.read_bytes()[:40])
        for data in (fleet.out / "absent", fleet.out / "coordinator.json", cut):
            with self.subTest(data.name):
                fleet._configs[name] = (storage, {**config, "data": str(data)})
                device = fleet.start_device(name)
                self.assertEqual(device.process.wait(20), 1)
                self.assertIn(str(data), device.log_path.read_text())

    @unittest.skipUnless(os.geteuid() == 0, "skipped: mounting a small disk needs root")
    def test_a_full_disk_stops_a_device_and_nothing_is_half_installed(self):
        fleet = self.fleet_for("full")
        self.start(fleet)
        name = self.names[0]
        storage, config = fleet._configs[name]
        disk = fleet.out / "disk"
        disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk],
                               capture_output=True, text=True)
        if mount.returncode:
            self.skipTest(f"skipped: no mounts here: {mount.stderr.strip()}")
        try:
            shutil.copytree(storage, disk / "device")
            fleet._configs[name] = (disk / "device", {**config, "storage": str(disk / "device")})
            try:
                device = fleet.start_device(name)
                device.wait_for(lambda e: e.get("event") == "error", 30, "an error")
                self.assertTrue(device.alive(), "it waits for space")
                words = device.last(lambda e: e.get("event") == "error")["message"]
                self.assertEqual(device.stop(), 0)
            except Failure:  # not even its database fitted
                self.assertEqual(device.process.wait(10), 1)
                words = device.log_path.read_text()
            self.assertTrue("No space left" in words or "is full" in words, words)
            self.assertFalse(list((disk / "device").rglob("*.mseal")))
            subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
            self.evaluated(fleet, name)
        finally:
            for child in fleet.devices.values():
                child.stop()
            time.sleep(0.2)
            subprocess.run(["umount", disk], check=False)

    @unittest.skipUnless(os.geteuid() == 0, "skipped: mounting a small disk needs root")
    def test_a_full_disk_delays_a_commit_until_there_is_space(self):
        fleet = self.fleet_for("full-blobs")
        blobs = fleet.out / "blobs"
        blobs.mkdir()
        # The first checkpoint fits, the second one does not.
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=240k", "tmpfs", blobs],
                               capture_output=True, text=True)
        if mount.returncode:
            self.skipTest(f"skipped: no mounts here: {mount.stderr.strip()}")
        try:
            self.start(fleet)
            self.create_task(fleet, 1)
            devices = [fleet.start_device(name) for name in self.names]
            log = fleet.coordinator.log_path
            deadline = time.monotonic() + 60
            while "No space left" not in log.read_text():
                self.assertLess(time.monotonic(), deadline, "no word of the full disk")
                time.sleep(0.2)
            time.sleep(3)
            self.assertTrue(fleet.coordinator.alive())
            self.assertIn("'train'", log.read_text())
            self.assertLess(log.read_text().count("No space left"), 5)
            subprocess.run(["mount", "-o", "remount,size=8m", blobs], check=True)
            for device in devices:
                event = device.wait_for(lambda e: e.get("event") == "round", 30, "the outcome")
                self.assertEqual(event["outcome"], "COMMITTED")
        finally:
            fleet.stop()
            subprocess.run(["umount", blobs], check=False)


if __name__ == "__main__":
    unittest.main()
