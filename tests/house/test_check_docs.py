"""The check of comments, run on small headers with and without something missing in them."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = sys.argv.pop() if len(sys.argv) > 1 else ""


class CheckDocs(unittest.TestCase):
    def missing(self, header, path="base/a.hpp"):
        """Names that the check finds without a comment, with their lines."""
        with tempfile.TemporaryDirectory() as root:
            file = Path(root) / path
            file.parent.mkdir(parents=True)
            file.write_text("/// What the file holds.\n#pragma once\n" + header)
            command = [sys.executable, CHECK, "--root", root, "base"]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
        found = [line.split(": ")[0].split(":")[1] + " " + line.split(": ")[1].split(" has")[0]
                 for line in run.stdout.splitlines()[:-1]]
        self.assertEqual(run.returncode, 1 if found else 0, run.stdout + run.stderr)
        return found

    def test_comments_above_and_trailing_count(self):
        self.assertEqual(self.missing("""
/// A struct.
struct A {
  int x = 0;  ///< metres
  std::vector<std::pair<int, int>>
      pairs;  ///< [rows]
              ///< a second line of it
  /// Something.
  std::string text(int a = int{1} << 3,
                   std::function<void(int)> f = {}) const;
};
/// Doubles.
inline int twice(int x) { return 2 * x; }
/// Errors: none.
template <class T>
T half(T x) {
  return x / 2;
}
/// A macro.
#define A_MACRO(x) \\
  do {             \\
  } while (false)
"""), [])

    def test_each_kind_of_declaration_is_found_with_line_and_name(self):
        self.assertEqual(self.missing("""
struct A {
  int x = 0;
  bool good() const { return x > 0; }
  struct Inner {
    int y;
  };
};
enum class Colour {
  kRed,  ///< like blood
  kBlue,
};
using Texts = std::vector<std::string>;
inline constexpr int kMost = 3;
[[noreturn]] void f(std::function<int(int)> g);
#define A_MACRO 1
"""), ["4 A", "5 A::x", "6 A::good", "7 A::Inner", "8 A::Inner::y", "11 Colour", "15 Texts",
       "16 kMost", "17 f", "18 A_MACRO"])

    def test_the_comment_of_the_file_or_of_a_neighbour_does_not_count(self):
        self.assertEqual(self.missing("int f();\n"), ["3 f"])
        self.assertEqual(self.missing("int x;  ///< metres\nint y;\n// plain\nint z;\n"), ["4 y", "6 z"])

    def test_private_members_and_detail_are_exempt(self):
        self.assertEqual(self.missing("""
namespace semblance::base {
/// A class.
class A {
  int hidden_;

 public:
  int open;  ///< metres

 private:
  struct State;
  int f() const;
};
namespace detail {
int g();
}
}  // namespace semblance::base
"""), [])
        self.assertEqual(self.missing("int f();\n", "base/detail/a.hpp"), [])

    def test_what_a_comment_could_only_repeat_is_exempt(self):
        self.assertEqual(self.missing("""
class B;
/// A class.
class A final : public B {
 public:
  A();
  ~A() override { close(); }
  A(const A&) = delete;
  A& operator=(A&& other) noexcept;
  int rows() const override { return 1; }
  friend class B;
  static_assert(true);
};
/// Adds.
void add(int x);
void add(double x);
/// Colours.
enum class Colour {
  kRed,  ///< like blood
  kBlue,
};
using std::swap;
extern template class std::vector<int>;
"""), [])

    def test_a_definition_is_no_forward_declaration(self):
        self.assertEqual(self.missing("struct A : B {};\nstruct C;\n"), ["3 A"])


if __name__ == "__main__":
    unittest.main()
