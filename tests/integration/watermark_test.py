"""The owner's tool from the command line: verdicts, exit codes, JSON."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(os.environ.get("SOTTO_BINARIES", "build/dev/bin")).resolve()


class WatermarkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = pathlib.Path(tempfile.mkdtemp(prefix="sotto-wm-"))
        cls.new_model("base", 1)
        cls.new_model("stranger", 2)
        cls.must("keygen", "--out", cls.out / "key", "--no-passphrase")
        cls.must("register", "--model", cls.model("base"), *cls.owner())
        cls.must("embed", "--model", cls.model("base"), *cls.owner(), "--out",
                 cls.model("marked"))
        cls.names = [f"device-{i}" for i in range(24)]
        (cls.out / "names").write_text("\n".join(cls.names) + "\n")
        cls.must("package", "--model", cls.model("marked"), "--key", cls.out / "key",
                 "--release", 2, "--recipient", "device-5", "--out", cls.model("copy"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.out, ignore_errors=True)

    @classmethod
    def model(cls, name):
        return cls.out / f"{name}.tflite"

    @classmethod
    def new_model(cls, name, seed):
        subprocess.run([TOOLS / "sotto", "model", "new", "--arch", "cnn", "--input",
                        "8x8x1", "--classes", "10", "--seed", str(seed), "--out",
                        cls.model(name)], check=True, capture_output=True)

    @classmethod
    def owner(cls, key="key"):
        return "--key", cls.out / key, "--registry", cls.out / "registry"

    @classmethod
    def call(cls, *arguments, env=None):
        """Returns (exit code, standard output, standard error)."""
        clean = {k: v for k, v in os.environ.items() if k != "SOTTO_PASSPHRASE_FILE"}
        result = subprocess.run([TOOLS / "sotto-watermark", *map(str, arguments)],
                                capture_output=True, text=True, timeout=120,
                                stdin=subprocess.DEVNULL, env={**clean, **(env or {})})
        return result.returncode, result.stdout, result.stderr

    @classmethod
    def must(cls, *arguments, env=None):
        code, out, err = cls.call(*arguments, env=env)
        if code != 0:
            raise AssertionError(f"{arguments} exited {code}: {err}")
        return out

    def verify(self, name, *more):
        code, out, _ = self.call("verify", "--model", self.model(name), *self.owner(),
                                 "--reference", self.model("base"), "--json", *more)
        return code, json.loads(out)

    def trace(self, name, release=2):
        code, out, _ = self.call(
            "trace", "--model", self.model(name), *self.owner(), "--master",
            self.model("marked"), "--release", release, "--recipients",
            self.out / "names", "--json")
        return code, json.loads(out)

    def test_an_attacked_copy_is_claimed_and_traced(self):
        self.must("attack", "prune", "--model", self.model("copy"), "--fraction", 0.5,
                  "--out", self.model("pruned"))
        self.must("attack", "permute", "--model", self.model("pruned"), "--out",
                  self.model("moved"))
        self.must("attack", "quantise", "--model", self.model("moved"), "--bits", 8,
                  "--out", self.model("leak"))
        page = self.out / "report.html"
        code, verdict = self.verify("leak", "--html", page)
        self.assertEqual((code, verdict["verdict"]), (0, "OWNED"))
        self.assertLess(verdict["p_value"], 1e-6)
        self.assertEqual(verdict["hypotheses"], 2)
        self.assertIn("OWNED", page.read_text())
        code, trace = self.trace("leak")
        self.assertEqual((code, trace["verdict"]), (0, "TRACED"))
        self.assertEqual([a["recipient"] for a in trace["accused"]], ["device-5"])
        self.assertEqual({s["recipient"] for s in trace["scores"]}, set(self.names))
        self.assertGreater(trace["scores"][0]["score"], trace["threshold"])
        self.assertLess(trace["scores"][1]["score"], trace["threshold"])

    def test_a_stranger_is_neither_claimed_nor_traced(self):
        code, verdict = self.verify("stranger")
        self.assertEqual((code, verdict["verdict"]), (1, "NOT SHOWN"))
        self.assertGreater(verdict["p_value"], 1e-6)
        for name, release in (("stranger", 2), ("marked", 2), ("copy", 3)):
            code, trace = self.trace(name, release)
            self.assertEqual((code, trace["accused"]), (1, []), name)

    def test_what_cannot_be_judged_is_no_verdict(self):
        self.must("keygen", "--out", self.out / "other", "--no-passphrase")
        (self.out / "broken.tflite").write_bytes(
            self.model("marked").read_bytes()[:1000])
        for model, key, reference, said in (
                ("marked", "other", "base", "of this key"),
                ("marked", "key", "stranger", "this reference"),
                ("broken", "key", "base", "broken.tflite"),
                ("absent", "key", "base", "absent.tflite"),
                ("marked", "absent", "base", "absent")):
            code, out, err = self.call(
                "verify", "--model", self.model(model), *self.owner(key),
                "--reference", self.model(reference), "--json")
            self.assertEqual(code, 2, said)
            self.assertEqual(json.loads(out)["verdict"], "CANNOT TELL")
            self.assertIn(said, err)
        code, _, err = self.call("keygen", "--out", self.out / "key", "--no-passphrase")
        self.assertEqual(code, 2)
        self.assertIn("not overwritten", err)

    def test_a_key_under_a_passphrase_opens_with_it_only(self):
        (self.out / "right").write_text("correct horse\n")
        (self.out / "wrong").write_text("correct house\n")
        right = {"SOTTO_PASSPHRASE_FILE": str(self.out / "right")}
        wrong = {"SOTTO_PASSPHRASE_FILE": str(self.out / "wrong")}
        self.must("keygen", "--out", self.out / "sealed", env=right)
        call = ("package", "--model", self.model("marked"), "--key", self.out / "sealed",
                "--release", 1, "--recipient", "x", "--out", self.model("x"))
        for env, code, said in ((wrong, 2, "passphrase is wrong"),
                                ({}, 2, "SOTTO_PASSPHRASE_FILE"), (right, 0, "")):
            got, _, err = self.call(*call, env=env)
            self.assertEqual(got, code)
            self.assertIn(said, err)


if __name__ == "__main__":
    unittest.main()
