"""What `cmake --install` gives is enough to build an app, and the app says what
is wrong with its configuration."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SOTTO_BINARIES", "build/dev/bin")).resolve().parent
CC, CXX = os.environ.get("SOTTO_CC", "cc"), os.environ.get("SOTTO_CXX", "c++")
STRICT = ["-Wall", "-Wextra", "-Wshadow", "-Werror", "-pedantic-errors", "-fsyntax-only"]


def run(*arguments, cwd=None):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True,
                          timeout=120, cwd=cwd)


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = pathlib.Path(tempfile.mkdtemp(prefix="sotto-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.out)
        cls.prefix = cls.out / "prefix"
        installed = run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        if installed.returncode != 0:
            raise AssertionError(installed.stderr)

    def succeed(self, *arguments, cwd=None):
        result = run(*arguments, cwd=cwd)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def fail(self, *arguments):
        """Exit code 1 with a message, which is returned."""
        result = run(*arguments, cwd=self.out)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        return result.stderr

    def test_the_c_header_is_c11_and_cpp(self):
        header = self.prefix / "include/sotto/sotto.h"
        self.succeed(CC, "-std=c11", "-x", "c", *STRICT, header)
        self.succeed(CXX, "-std=c++11", "-x", "c++", *STRICT, header)

    def test_each_cpp_header_compiles_alone(self):
        headers = sorted((self.prefix / "include/sotto").glob("*.h"))
        self.assertGreaterEqual(len(headers), 6)
        for header in headers:
            with self.subTest(header=header.name):
                # From a file of its own: the header's guard is then not the main file's.
                source = self.out / f"{header.stem}_alone.cc"
                source.write_text(f'#include "sotto/{header.name}"\n')
                self.succeed(CXX, "-std=c++20", "-I",
                             self.prefix / "include", *STRICT, source)

    def test_the_package_names_no_path_of_the_tree(self):
        for file in (self.prefix / "lib").rglob("*.cmake"):
            with self.subTest(file=file.name):
                self.assertNotIn(str(SOURCE), file.read_text())
                self.assertNotIn(str(BUILD), file.read_text())

    def test_an_app_outside_the_tree_builds_and_names_what_is_wrong(self):
        app = self.out / "app"
        shutil.copytree(SOURCE / "tests/integration/consumer", app)
        for example in ("train.cc", "train.c"):
            shutil.copy(SOURCE / "client/examples" / example, app)
        self.succeed("cmake", "-G", "Ninja", "-S", app, "-B", app / "build",
                     f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_C_COMPILER={CC}",
                     f"-DCMAKE_CXX_COMPILER={CXX}")
        self.succeed("cmake", "--build", app / "build", "-j2")

        (self.out / "bad.json").write_text('{"colour": 1}')
        message = self.fail(app / "build/train_cc", "bad.json", 1)
        self.assertIn("bad.json: device configuration: unknown key 'colour'", message)
        message = self.fail(app / "build/train_cc", "absent.json", 1)
        self.assertIn("cannot read 'absent.json'", message)
        message = self.fail(app / "build/train_c", '{"colour": 1}', 1)
        self.assertIn("unknown key 'colour'", message)


if __name__ == "__main__":
    unittest.main()
