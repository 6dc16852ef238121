// A disk that fills up: exit code 4, and nothing half-written under a final name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "base/philox.hpp"
#include "tests/cli/program.hpp"

namespace semblance::testing {
namespace {

namespace fs = std::filesystem;

/// A file system of `size` in a directory of its own; is_mounted() is false where that is not
/// allowed.
class SmallDisk {
 public:
  explicit SmallDisk(const char* size) {
    mounted_ = ::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0,
                       (std::string("size=") + size).c_str()) == 0;
    if (!mounted_) reason_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool is_mounted() const { return mounted_; }
  const std::string& reason() const { return reason_; }
  std::string file(const std::string& name) const { return directory_.file(name); }
  bool holds_no_result() const {
    const std::set<std::string> results = {
        "b.csv", "b.h5", "b.parquet", "m.h5", "dataset.h5", "manifest.json", "CHARTEVENTS.csv.gz"};
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      if (results.contains(entry.path().filename().string())) return false;
    }
    return true;
  }
  void clear() const {
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      fs::remove_all(entry.path());
  }

 private:
  base::TemporaryDirectory directory_;
  bool mounted_ = false;
  std::string reason_;
};

TEST(FullDisk, ResultsOnStandardOutputAreNotLostInSilence) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), small_csv(50));
  EXPECT_EQ(semblance({"info", "a.csv"}, directory.path(), "/dev/full").code, 4);
  EXPECT_EQ(semblance({"--help"}, ".", "/dev/full").code, 4);
}

/// Numbers that no compression makes small.
std::string wide_csv(int rows) {
  std::string text = "a,b\n";
  for (int i = 0; i < rows; ++i) {
    text += fmt::format("{:.17g},{:.17g}\n", base::uniform(1, base::Purpose::kEvaluate, i, 0),
                        base::uniform(1, base::Purpose::kEvaluate, i, 1));
  }
  return text;
}

TEST(FullDisk, NoCommandLeavesAHalfWrittenFile) {
  const SmallDisk disk("64k");
  if (!disk.is_mounted()) GTEST_SKIP() << "cannot mount a small disk: " << disk.reason();
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), wide_csv(20000));
  base::write_text_file(directory.file("few.csv"), small_csv(200));
  ASSERT_EQ(
      semblance({"train", "few.csv", "--output", "m.h5", "--epochs", "1"}, directory.path()).code,
      0);
  const std::vector<std::vector<std::string>> commands = {
      {"export", "a.csv", disk.file("b.csv")},
      {"export", "a.csv", disk.file("b.h5")},
      {"export", "a.csv", disk.file("b.parquet")},
      {"export", "a.csv", disk.file("shards")},
      {"generate", "m.h5", "--rows", "20000", "--output", disk.file("b")},
      {"generate", "m.h5", "--rows", "20000", "--output", disk.file("b.csv")},
      {"train", "a.csv", "--output", disk.file("m.h5"), "--epochs", "1", "--hidden", "256"},
      {"mock-hospital", "--patients", "2000", "--output", disk.file("raw")},
  };
  for (const auto& words : commands) {
    const Outcome outcome = semblance(words, directory.path());
    EXPECT_EQ(outcome.code, 4) << words[0] << " " << words.back() << "\n" << outcome.err;
    // A shard directory may keep whole parts, but without its manifest it is no dataset.
    EXPECT_TRUE(disk.holds_no_result()) << words[0] << " " << words.back();
    disk.clear();
  }
}

}  // namespace
}  // namespace semblance::testing
