#include "pipeline/config_entries.hpp"

#include <gmock/gmock.h>

#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(ConfigEntries, CarryTheirFileAndLine) {
  const TemporaryFolder folder;
  const auto file =
      folder.write("a.yaml", "seed: 7\n\ntrain:\n  epochs: 5\n  layers: [1, 2]\nevaluate:\n");
  const auto entries = read_config_entries(file);
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].section, "");
  EXPECT_EQ(entries[0].key, "seed");
  EXPECT_EQ(entries[0].value, "7");
  EXPECT_EQ(entries[0].where, file.string() + ":1");
  EXPECT_EQ(entries[1].key, "train");
  EXPECT_TRUE(entries[1].is_group);
  EXPECT_EQ(entries[2].section, "train");
  EXPECT_EQ(entries[2].where, file.string() + ":4");
  EXPECT_EQ(entries[3].value, "1,2");
  EXPECT_TRUE(entries[4].is_empty);
}

TEST(ConfigEntries, AnEmptyFileHasNone) {
  const TemporaryFolder folder;
  EXPECT_TRUE(read_config_entries(folder.write("a.yaml", "# nothing\n")).empty());
}

TEST(ConfigEntries, RefuseWhatIsNotAListOfNamesAndValues) {
  const TemporaryFolder folder;
  const auto message_for = [&](const std::string& text) {
    const auto file = folder.write("a.yaml", text);
    const auto thrown = error_of([&] { read_config_entries(file); });
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
    return thrown.message;
  };
  EXPECT_THAT(message_for("just words"),
              HasSubstr("a.yaml:1: must hold lines of the form 'name: value'"));
  EXPECT_THAT(message_for("- 1\n- 2\n"), HasSubstr("'name: value'"));
  EXPECT_THAT(message_for("a: 1\nb: [1,\n"), HasSubstr("is not valid YAML"));
  EXPECT_THAT(message_for("a: 1\na: 2\n"), HasSubstr("a.yaml:2: 'a' is given twice"));
  EXPECT_THAT(message_for("train:\n  epochs: 1\n  epochs: 2\n"),
              HasSubstr("a.yaml:3: 'train.epochs' is given twice"));
  EXPECT_THAT(message_for("train:\n  codec:\n    bins: 3\n"),
              HasSubstr("'train.codec' must be a value"));
  EXPECT_THAT(message_for("train:\n  x: [[1]]\n"), HasSubstr("list of plain values"));
}

TEST(ConfigEntries, AnUnreadableFileIsAnIoError) {
  EXPECT_EQ(error_of([] { read_config_entries("/nowhere/a.yaml"); }).kind, base::ErrorKind::kIo);
}

TEST(ConfigEntries, SetTakesSectionNameAndValue) {
  const ConfigEntry nested = entry_from_set("train.epochs=5");
  EXPECT_EQ(nested.section, "train");
  EXPECT_EQ(nested.key, "epochs");
  EXPECT_EQ(nested.value, "5");
  EXPECT_TRUE(nested.is_set_flag);
  const ConfigEntry top = entry_from_set("title=a=b.c");
  EXPECT_EQ(top.section, "");
  EXPECT_EQ(top.key, "title");
  EXPECT_EQ(top.value, "a=b.c");
}

TEST(ConfigEntries, SetWithoutAnEqualsSignIsWrongUsage) {
  for (const char* text : {"train.epochs", "=5", ""}) {
    EXPECT_EQ(error_of([&] { entry_from_set(text); }).kind, base::ErrorKind::kUsage) << text;
  }
}

}  // namespace
}  // namespace semblance::pipeline
