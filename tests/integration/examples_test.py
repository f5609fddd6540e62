"""The examples of client/examples do what docs/sdk.md says, against a real
coordinator: get the model, run it, and take part in a round beside a device."""
import json
import subprocess
import time
import unittest

from demo import rounds
from integration.harness import TOOLS, FleetCase

EXAMPLES = TOOLS.parent / "examples"


class ExamplesTest(FleetCase):
    DEVICES = 3

    def start_example(self, fleet, program, argument):
        process = subprocess.Popen([EXAMPLES / program, argument, "1"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def test_both_examples_and_a_device_make_a_round(self):
        fleet = self.fleet_for("examples")
        self.start(fleet)
        self.create_task(fleet, 1, selection_ms=20000, step_ms=20000)
        texts = {}
        for name in self.names:
            _, config = fleet._configs[name]
            texts[name] = json.dumps(
                {**config, "grpc": f"127.0.0.1:{fleet.endpoints['grpc_port']}"})
        path = fleet.out / "cc.json"
        path.write_text(texts[self.names[0]])
        cc = self.start_example(fleet, "train_cc", path)
        c = self.start_example(fleet, "train_c", texts[self.names[1]])
        device = fleet.start_device(self.names[2])

        printed = {}
        for label, process in (("cc", cc), ("c", c)):
            printed[label], errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, f"{label}: {errors}")
        lines = printed["cc"].splitlines()
        self.assertRegex(printed["cc"], r"release 1 gives label \d the score -?\d+\.\d+")
        events = [json.loads(line.split(": ", 1)[1]) for line in lines if ": {" in line]
        outcomes = [e for e in events if e["event"] == "round"]
        self.assertEqual([(o["task"], o["outcome"]) for o in outcomes],
                         [("train", "COMMITTED")], printed["cc"])
        self.assertRegex(printed["c"], r"a blank input scores -?\d+\.\d+ for label 0")

        # The coordinator agrees, and the sum is that of the three updates.
        deadline = time.monotonic() + 30
        while True:
            status = fleet.admin("task", "status", "--task", "train")
            done = [r for r in status["rounds"] if r["state"] == "committed"]
            if done:
                break
            self.assertLess(time.monotonic(), deadline, "no round committed")
            time.sleep(0.1)
        explained = fleet.admin("task", "explain", "--task", "train", "--round",
                                done[0]["round"])
        self.assertEqual(explained["included"], self.DEVICES)
        # All three are in, so whose update is whose does not change the sum.
        by_id = fleet.out / "by_id"
        by_id.mkdir()
        for member, name in zip(explained["devices"], self.names, strict=True):
            (by_id / member["device_id"]).symlink_to(fleet.out / "updates" / name)
        exact, detail = rounds.sum_is_exact(explained, by_id)
        self.assertTrue(exact, detail)
        self.assertTrue(device.alive())
        fleet.stop()


if __name__ == "__main__":
    unittest.main()
