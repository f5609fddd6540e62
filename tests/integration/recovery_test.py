"""The coordinator is killed with SIGKILL at each journal write of a round, on
both sides of the write, and the model is the one of an undisturbed run."""
import time
import unittest

from demo.processes import Failure
from integration.harness import FleetCase


class RecoveryTest(FleetCase):
    DEVICES = 4

    def finish(self, fleet, label):
        """Waits for the round, restarting a killed coordinator; returns the hash
        of the model and how often the coordinator died."""
        deaths, refused = 0, None
        deadline = time.monotonic() + 120
        while True:
            self.assertLess(time.monotonic(), deadline, f"{label}: no round committed; {refused}")
            if not fleet.coordinator.alive():
                self.assertEqual(fleet.coordinator.process.returncode, -9, label)
                deaths += 1
                fleet.start_coordinator(port=fleet.endpoints["grpc_port"])
                continue
            try:
                status = fleet.admin("task", "status", "--task", "train")
            except Failure as failure:  # it may die between the two calls
                refused = failure
                continue
            done = [r for r in status["rounds"] if r["state"] == "committed"]
            if done:
                return done[0], deaths
            time.sleep(0.05)

    def one_run(self, label, crash=None):
        fleet = self.fleet_for(label)
        self.start(fleet)
        port = fleet.endpoints["grpc_port"]
        self.create_task(fleet, 1, goal=self.DEVICES, minimum=self.DEVICES,
                         selection_ms=60000, step_ms=60000)
        if crash:
            # The task is there; only the round's own writes are to be hit.
            fleet.coordinator.stop()
            fleet.start_coordinator(port=port, env={"SOTTO_CRASH_AT": crash})
        for name in self.names:
            fleet.start_device(name)
        entry, deaths = self.finish(fleet, label)
        fleet.stop()
        return entry, deaths

    def test_a_kill_at_any_journal_write_changes_nothing(self):
        undisturbed, deaths = self.one_run("undisturbed")
        self.assertEqual(deaths, 0)
        self.assertEqual(undisturbed["included"], self.DEVICES)
        for point in ("journal-write-before", "journal-write"):
            for number in range(1, 200):
                entry, deaths = self.one_run(f"{point}_{number}", f"{point}:{number}")
                with self.subTest(point=point, number=number):
                    self.assertEqual(entry["included"], self.DEVICES)
                    self.assertEqual(entry["model_hash"], undisturbed["model_hash"])
                if deaths == 0:
                    break  # the round has fewer writes than `number`
            self.assertGreater(number, 5, "a round has more journal writes than that")
            print(f"{point}: killed at each of {number - 1} writes, same model")


if __name__ == "__main__":
    unittest.main()
