"""`sotto model ...`: run, bench, inspect, estimate and classify by hand."""
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

from integration.harness import TOOLS


class ModelToolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.out = pathlib.Path(cls.folder.name)
        cls.model = cls.out / "cnn.tflite"
        cls.sotto("new", "--arch", "cnn", "--input", "8x8x1", "--out", cls.model)
        cls.input = cls.out / "in.f32"
        cls.input.write_bytes(struct.pack("<128f", *[i / 128 for i in range(128)]))

    @staticmethod
    def sotto(*arguments, code=0):
        result = subprocess.run([str(a) for a in (TOOLS / "sotto", "model", *arguments)],
                                capture_output=True, text=True, timeout=120)
        if result.returncode != code:
            raise AssertionError(f"{arguments}: {result.returncode}\n{result.stderr}")
        return result

    def outputs(self, name, *flags):
        report = json.loads(self.sotto("run", self.model, "--input", self.input, "--repeat", 2,
                                       "--output-dir", self.out / name, "--json", *flags).stdout)
        self.assertEqual(report["outputs"][0]["shape"], [1, 10])
        return struct.unpack("<20f", (self.out / name / "output_0.bin").read_bytes())

    def test_backends_agree_and_threads_change_no_bit(self):
        cpu = self.outputs("cpu")
        self.assertEqual(cpu, self.outputs("threads", "--threads", 2))
        for backend in ("reference", "xnnpack", "xnnpack,reference"):
            for a, b in zip(cpu, self.outputs("other", "--backend", backend)):
                self.assertAlmostEqual(a, b, places=4)
        self.assertNotEqual(cpu[:10], cpu[10:])

    def test_inputs_of_another_size_and_unknown_backends_are_refused(self):
        short = self.out / "short.f32"
        short.write_bytes(b"1234")
        result = self.sotto("run", self.model, "--input", short, "--output-dir", self.out / "x",
                            code=1)
        self.assertIn("short.f32", result.stderr)
        result = self.sotto("bench", self.model, "--backend", "abacus", code=1)
        self.assertIn("abacus", result.stderr)
        self.sotto("bench", code=2)
        self.sotto("run", self.model, "--threads", "0", "--output-dir", "x", code=2)

    def test_bench_profiles_every_step_and_writes_a_trace(self):
        trace = self.out / "trace.json"
        report = json.loads(self.sotto("bench", self.model, "--runs", 7, "--profile", "--trace",
                                       trace, "--json").stdout)
        self.assertEqual(report["runs"], 7)
        self.assertLessEqual(report["min_seconds"], report["median_seconds"])
        self.assertLessEqual(report["median_seconds"], report["p95_seconds"])
        nodes = report["profile"]["nodes"]
        self.assertAlmostEqual(sum(n["share"] for n in nodes), 1, places=3)
        self.assertEqual(sum(n["macs"] for n in nodes), report["macs"])
        events = json.loads(trace.read_text())["traceEvents"]
        self.assertEqual(len(events), 7 * len(nodes))

    def test_a_delegate_decides_on_every_operator(self):
        report = json.loads(self.sotto("bench", self.model, "--runs", 2, "--profile",
                                       "--backend", "xnnpack", "--json").stdout)
        info = json.loads(self.sotto("inspect", self.model, "--json").stdout)
        self.assertEqual(len(report["delegates"]), len(info["operators"]))
        self.assertTrue(any(d["delegate"] == "xnnpack" for d in report["delegates"]))

    def test_inspect_counts_what_bench_counts(self):
        info = json.loads(self.sotto("inspect", self.model, "--json").stdout)
        bench = json.loads(self.sotto("bench", self.model, "--runs", 1, "--json").stdout)
        for key in ("macs", "arena_bytes", "packed_bytes"):
            self.assertEqual(info[key], bench[key], key)
        self.assertEqual(info["missing"], [])
        self.assertTrue(info["runs"])

    def test_estimate_follows_the_table(self):
        info = json.loads(self.sotto("inspect", self.model, "--json").stdout)
        table = self.out / "device.json"
        step = {"op": "CONV_2D", "type": "f32", "kernel": "", "macs": 1000, "bytes": 100,
                "seconds": 1e-6}
        table.write_text(json.dumps({"format": "sotto-device-cost-1", "threads": 1,
                                     "steps": [step, {**step, "op": "ADD", "macs": 0}]}))
        report = json.loads(self.sotto("estimate", self.model, "--device", table, "--measure",
                                       "--runs", 3, "--json").stdout)
        macs = sum(s["seconds"] for s in report["steps"] if s["macs"])
        self.assertAlmostEqual(macs / (info["macs"] * 1e-9), 1, places=3)
        self.assertIn("error", report)
        table.write_text("{}")
        self.assertIn("device.json",
                      self.sotto("estimate", self.model, "--device", table, code=1).stderr)

    def test_classify_names_cat_and_bird(self):
        data = pathlib.Path(os.environ.get(
            "SOTTO_SHARED_DATA", pathlib.Path(__file__).parents[3] / "shared/data"))
        model = data / "models/mobilenet_v2_100_224_int8.tflite"
        if not model.exists():
            self.skipTest(f"{model} is absent")
        for image, word in (("cat", "cat"), ("bird", "chickadee")):
            report = json.loads(self.sotto(
                "classify", model, data / f"images/{image}.bmp", "--labels",
                data / "images/imagenet_labels.txt", "--json").stdout)
            self.assertIn(word, report["results"][0]["label"])


if __name__ == "__main__":
    unittest.main()
