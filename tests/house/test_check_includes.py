"""The check of includes, run on small trees with and without something wrong in them."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = sys.argv.pop() if len(sys.argv) > 1 else ""


class CheckIncludes(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
        return run.returncode, run.stdout

    def assert_wrong(self, files, expected):
        code, output = self.check(files)
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)

    def test_the_right_direction_passes(self):
        code, output = self.check({
            "base/error.hpp": "#pragma once\n#include <string>\n",
            "kernels/dcr.hpp": '#pragma once\n#include "base/error.hpp"\n',
            "trainer/train.cpp": '#include "kernels/dcr.hpp"\n#include <torch/torch.h>\n',
            "tests/trainer/test_train.cpp": '#include "kernels/dcr.hpp"\n',
        })
        self.assertEqual(code, 0, output)

    def test_the_wrong_direction_is_found_with_file_and_line(self):
        self.assert_wrong({"base/a.cpp": '#include <string>\n#include "table/b.hpp"\n', "table/b.hpp": "#pragma once\n"},
                          "base/a.cpp:2: base may include nothing else, not table")

    def test_the_evaluator_cannot_see_the_trainer(self):
        self.assert_wrong({"evaluator/a.cpp": '#include "trainer/b.hpp"\n', "trainer/b.hpp": "#pragma once\n"},
                          "not trainer")

    def test_a_test_goes_by_the_rules_of_its_folder(self):
        self.assert_wrong({"tests/evaluator/a.cpp": '#include "trainer/b.hpp"\n', "trainer/b.hpp": "#pragma once\n"},
                          "not trainer")

    def test_kernels_see_the_core_of_base_only(self):
        self.assert_wrong({"kernels/a.cpp": '#include "base/log.hpp"\n', "base/log.hpp": "#pragma once\n"},
                          "base/log.hpp is not in it")

    def test_heavy_headers_stay_in_source_files_of_their_folder(self):
        inner = {"trainer/a.hpp": "#pragma once\n#include <torch/torch.h>\n", "trainer/a.cpp": '#include "trainer/a.hpp"\n'}
        self.assertEqual(self.check(inner)[0], 0)
        chain = {**inner, "trainer/b.hpp": '#pragma once\n#include "trainer/a.hpp"\n', "generator/c.cpp": '#include "trainer/b.hpp"\n'}
        self.assert_wrong(chain, "trainer/a.hpp:2: <torch/torch.h> is heavy, and generator/c.cpp of another folder")
        self.assert_wrong({"generator/a.cpp": "#include <torch/torch.h>\n"}, "belongs to trainer only")

    def test_absent_files_and_missing_guards_are_found(self):
        self.assert_wrong({"base/a.cpp": '#include "error.hpp"\n'}, "is not a path from the root")
        self.assert_wrong({"base/a.hpp": "\n"}, "has no #pragma once")


if __name__ == "__main__":
    unittest.main()
