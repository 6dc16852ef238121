#include "pipeline/run_record.hpp"

#include <gmock/gmock.h>

#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

StageRecord a_stage() {
  StageRecord stage;
  stage.done = true;
  stage.fingerprint = "f00d";
  stage.program = "semblance 9";
  stage.settings = {{"epochs", "5"}, {"decoder", "a \"quoted\"\nword"}};
  stage.inputs["train"] = {"train.csv", "aa", 10, 123456789012345, 1};
  stage.outputs["model"] = {"model.h5", "bb", 20, 5, 1};
  stage.started = "2026-01-01T00:00:00Z";
  stage.finished = "2026-01-01T00:01:00Z";
  stage.seconds = 60.5;
  stage.ranks = 4;
  stage.host = "node1";
  return stage;
}

TEST(RunRecord, ReadsBackWhatItWrote) {
  const TemporaryFolder folder;
  RunRecord record;
  record.config = "a.yaml";
  record.config_sha256 = "cc";
  record.stages["train"] = a_stage();
  record.save(folder.path(), {"train", "generate"});
  const RunRecord back = RunRecord::load(folder.path());
  EXPECT_EQ(back.config, "a.yaml");
  ASSERT_EQ(back.stages.size(), 1u);
  const StageRecord &a = record.stages["train"], &b = back.stages.at("train");
  EXPECT_EQ(a.done, b.done);
  EXPECT_EQ(a.settings, b.settings);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.ranks, b.ranks);
  EXPECT_EQ(b.inputs.at("train").modified_ns, 123456789012345);
  EXPECT_EQ(b.outputs.at("model").sha256, "bb");
}

TEST(RunRecord, IsEmptyInAFreshFolder) {
  const TemporaryFolder folder;
  EXPECT_TRUE(RunRecord::load(folder.path()).stages.empty());
}

TEST(RunRecord, ADamagedFileIsBadData) {
  const TemporaryFolder folder;
  for (const char* text : {"{", "[]", "{\"config\": {\"path\": 3}}",
                           "{\"config\":{\"path\":\"\",\"sha256\":\"\"},\"stages\":{\"a\":{}}}"}) {
    folder.write("run.json", text);
    const auto thrown = error_of([&] { RunRecord::load(folder.path()); });
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData) << text;
    EXPECT_THAT(thrown.message, HasSubstr("delete it"));
  }
}

TEST(RunRecord, ContentsAreHashedAndKnownOnesAreNotHashedAgain) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.txt", "hello");
  RunRecord record;
  ContentRecord content = content_of(file, folder.path(), record);
  EXPECT_EQ(content.path, "a.txt");
  EXPECT_EQ(content.bytes, 5);
  // SHA-256 of "hello", from any other tool.
  EXPECT_EQ(content.sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  content.sha256 = "known";
  record.stages["x"].outputs["a"] = content;
  EXPECT_EQ(content_of(file, folder.path(), record).sha256, "known");
  folder.write("a.txt", "hello!");
  EXPECT_NE(content_of(file, folder.path(), record).sha256, "known");
}

TEST(RunRecord, ADirectoryIsKnownByAllItsFiles) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "d" / "e");
  folder.write("d/a", "1");
  folder.write("d/e/b", "2");
  const std::string before = content_of(folder / "d", folder.path(), {}).sha256;
  folder.write("d/e/b", "22");
  EXPECT_NE(content_of(folder / "d", folder.path(), {}).sha256, before);
}

TEST(RunRecord, PathsOutsideTheFolderStayWhole) {
  const TemporaryFolder folder, other;
  const auto file = other.write("a.txt", "hello");
  EXPECT_EQ(content_of(file, folder.path(), {}).path, file.string());
}

}  // namespace
}  // namespace semblance::pipeline
