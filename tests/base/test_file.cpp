#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::base {
namespace {

namespace fs = std::filesystem;

TEST(File, TextIsWrittenAndReadWhole) {
  const TemporaryDirectory dir;
  const std::string text("one\0two\n", 8);
  write_text_file(dir.file("a.txt"), text);
  EXPECT_EQ(read_text_file(dir.file("a.txt")), text);
}

TEST(File, WithoutCommitNothingIsLeft) {
  const TemporaryDirectory dir;
  {
    const PendingPath pending(dir.file("a.txt"));
    std::ofstream(pending.temporary()) << "half";
  }
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(File, AFailedRewriteKeepsTheOldFile) {
  const TemporaryDirectory dir;
  write_text_file(dir.file("a.txt"), "old");
  {
    const PendingPath pending(dir.file("a.txt"));
    std::ofstream(pending.temporary()) << "half";
  }
  EXPECT_EQ(read_text_file(dir.file("a.txt")), "old");
}

TEST(File, ADirectoryIsPutIntoPlaceWhole) {
  const TemporaryDirectory dir;
  fs::create_directory(dir.path() / "out");
  write_text_file(dir.path() / "out" / "old", "x");
  PendingPath pending(dir.file("out"));
  fs::create_directory(pending.temporary());
  write_text_file(pending.temporary() / "new", "y");
  pending.commit();
  EXPECT_TRUE(fs::exists(dir.path() / "out" / "new"));
  EXPECT_FALSE(fs::exists(dir.path() / "out" / "old"));
}

TEST(File, AMissingParentDirectoryIsNamed) {
  try {
    write_text_file("/no/such/folder/a.txt", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), testing::HasSubstr("/no/such/folder"));
  }
}

// FIPS 180-4 examples.
TEST(File, Sha256GivesThePublishedAnswers) {
  Sha256 abc;
  abc.update("a");
  abc.update("bc");
  EXPECT_EQ(abc.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(File, TheHashOfADirectoryDependsOnNamesAndContents) {
  const TemporaryDirectory dir;
  write_text_file(dir.file("a"), "1");
  const std::string before = sha256_of_path(dir.path());
  write_text_file(dir.file("a"), "2");
  const std::string changed = sha256_of_path(dir.path());
  fs::rename(dir.file("a"), dir.file("b"));
  EXPECT_NE(before, changed);
  EXPECT_NE(changed, sha256_of_path(dir.path()));
}

}  // namespace
}  // namespace semblance::base
