"""`sotto privacy account|calibrate` by hand."""
import json
import re
import shlex
import subprocess
import unittest

from integration.harness import TOOLS

TARGET = ("--delta", "1e-6", "--adjacency", "add-or-remove")
MECHANISMS = {
    "gaussian": "--rounds 300 --max-participations 10",
    "poisson": "--rounds 100 --population 1000 --cohort 50",
    "tree": "--rounds 2000 --min-separation 313 --max-participations 6",
    "banded": "--rounds 2000 --bands 400 --squared-column-norm 1 --min-separation 484 "
              "--max-participations 3",
    "discrete-gaussian": "--rounds 100 --clip 1 --dimension 65536 --scale 1000 "
                         "--contributors 1000",
    "skellam": "--rounds 100 --clip 1 --dimension 65536 --scale 1000 --contributors 1000",
}


class PrivacyToolsTest(unittest.TestCase):
    @staticmethod
    def sotto(*arguments, code=0):
        result = subprocess.run([str(a) for a in (TOOLS / "sotto", "privacy", *arguments)],
                                capture_output=True, text=True, timeout=120)
        if result.returncode != code:
            raise AssertionError(f"{arguments}: {result.returncode}\n{result.stderr}")
        return result

    def ask(self, verb, mechanism, *flags):
        return json.loads(self.sotto(verb, mechanism, *MECHANISMS[mechanism].split(), *flags,
                                     *TARGET, "--json").stdout)

    def test_known_answers_come_out(self):
        for mechanism, noise, epsilon in (("poisson", 1.5, 1.94374), ("skellam", 5, 11.99548634),
                                          ("discrete-gaussian", 5, 11.99548599)):
            answer = self.ask("account", mechanism, "--noise-multiplier", noise)
            # The known answers of integer noise are on fewer orders, so no smaller.
            self.assertLess(abs(answer["epsilon"] - epsilon), 3e-4, mechanism)
        tree = self.ask("account", "tree", "--noise-multiplier", 7)
        self.assertEqual(tree["squared_sensitivity"], 79)

    def test_calibration_inverts_accounting_for_every_mechanism(self):
        for mechanism in MECHANISMS:
            found = self.ask("calibrate", mechanism, "--epsilon", 3)
            self.assertLessEqual(found["epsilon"], 3)
            self.assertGreater(found["epsilon"], 2.999)
            again = self.ask("account", mechanism, "--noise-multiplier",
                             repr(found["noise_multiplier"]))
            self.assertAlmostEqual(again["epsilon"], found["epsilon"], places=9)

    def test_text_rounds_up(self):
        flags = ("account", "gaussian", *MECHANISMS["gaussian"].split(),
                 "--noise-multiplier", 7, *TARGET)
        exact = json.loads(self.sotto(*flags, "--json").stdout)["epsilon"]
        printed = float(re.match(r"epsilon (\S+) at delta 1e-06", self.sotto(*flags).stdout)[1])
        self.assertGreaterEqual(printed, exact)
        self.assertLess(printed, exact * 1.0001)

    def test_examples_of_the_help_run(self):
        for verb in ("account", "calibrate"):
            for mechanism in MECHANISMS:
                text = self.sotto(verb, mechanism, "--help").stdout
                example = text.split("Example:")[1].replace("\\\n", " ")
                self.assertTrue(self.sotto(*shlex.split(example)[2:]).stdout)

    def test_what_is_missing_or_wrong_is_named(self):
        gaussian = ("account", "gaussian", "--rounds", 10, "--noise-multiplier", 1)
        missing = self.sotto(*gaussian, "--delta", "1e-6", code=2)
        self.assertIn("--adjacency", missing.stderr + missing.stdout)
        self.sotto(*gaussian, "--delta", "1e-6", "--adjacency", "other", code=2)
        self.sotto("account", code=2)
        self.sotto("account", "magic", code=2)
        for delta in ("0", "1", "nan"):
            wrong = self.sotto(*gaussian, "--delta", delta, "--adjacency", "replace", code=1)
            self.assertIn("delta", wrong.stderr)
        wrong = self.sotto("account", "poisson", "--rounds", 1, "--population", 10, "--cohort",
                           11, "--noise-multiplier", 1, *TARGET, code=1)
        self.assertIn("--cohort", wrong.stderr)

    def test_a_coarse_scale_is_refused(self):
        coarse = MECHANISMS["skellam"].replace("--scale 1000", "--scale 30").split()
        wrong = self.sotto("calibrate", "skellam", *coarse, "--epsilon", 5, *TARGET, code=1)
        self.assertIn("too coarse", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
