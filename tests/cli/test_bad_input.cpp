// What a wrong file, table or configuration leads to: exit code, message, and no file under a final
// name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/program.hpp"

namespace semblance::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class BadInput : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    base::write_text_file(directory_.file(name), text);
  }
  Outcome run(const std::vector<std::string>& words) const {
    return semblance(words, directory_.path());
  }

  /// `train` of a table must end with `code`, say all of `parts`, and leave no model.
  void expect_train_fails(const std::string& table, int code, const std::vector<std::string>& parts,
                          const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train",    table, "--output", "m.h5",
                                      "--epochs", "1",   "--hidden", "16"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
    expect_nothing_left("m.h5");
  }
  /// Neither the file nor a temporary one beside it.
  void expect_nothing_left(const std::string& name) const {
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      EXPECT_EQ(entry.path().filename().string().find(name), std::string::npos) << entry.path();
    }
  }

  base::TemporaryDirectory directory_;
};

TEST_F(BadInput, AHeaderThatCannotBeUsedIsToldWhatToDo) {
  write("a.csv", "\"\",age\n1,31\n2,32\n");
  expect_train_fails("a.csv", 3, {"a.csv", "column 1 has no name", "row.names = FALSE"});
  write("a.csv", "age,sex,age\n1,f,2\n");
  expect_train_fails("a.csv", 3, {"a.csv", "'age'", "the second is column 3"});
}

TEST_F(BadInput, AnAbsentFileIsAnIoError) {
  expect_train_fails("absent.csv", 4, {"absent.csv", "No such file"});
  EXPECT_EQ(run({"run", "absent.yaml"}).code, 4);
  EXPECT_EQ(run({"info", "absent.h5"}).code, 4);
  EXPECT_EQ(run({"generate", "absent.h5", "--rows", "1", "--output", "x"}).code, 4);
}

TEST_F(BadInput, AFileWithoutPermissionIsAnIoError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  write("a.csv", small_csv(50));
  fs::permissions(directory_.path() / "a.csv", fs::perms::none);
  expect_train_fails("a.csv", 4, {"a.csv", "Permission denied"});
}

TEST_F(BadInput, AWrongNumberOfFieldsNamesFileAndRow) {
  write("a.csv", "a,b\n1,2\n3\n4,5\n");
  expect_train_fails("a.csv", 3, {"a.csv", "row 2"});
}

TEST_F(BadInput, BytesThatAreNotUtf8NameFileAndRow) {
  write("a.csv", "name,b\nx,2\n\xff\xfe,3\n");
  expect_train_fails("a.csv", 3, {"a.csv", "row 2", "UTF-8"});
}

TEST_F(BadInput, ANumberThatIsNoneNamesFileRowAndColumn) {
  write("a.csv", "age,sex\n31,f\nthirty,m\n33,f\n");
  write("m.yaml", "columns:\n  age: {kind: integer}\n");
  expect_train_fails("a.csv", 3, {"a.csv", "row 2", "age", "thirty"}, {"--metadata", "m.yaml"});
}

TEST_F(BadInput, AnUnknownColumnInTheMetadataIsToldTheNearestName) {
  write("a.csv", small_csv(50));
  write("m.yaml", "columns:\n  agee: {kind: integer}\n");
  expect_train_fails("a.csv", 3, {"agee", "did you mean 'age'?"}, {"--metadata", "m.yaml"});
}

TEST_F(BadInput, AnEmptyFileAndATableWithoutRowsAreBadData) {
  write("empty.csv", "");
  expect_train_fails("empty.csv", 3, {"empty.csv"});
  write("header.csv", "a,b\n");
  expect_train_fails("header.csv", 3, {"header.csv"});
}

TEST_F(BadInput, ATruncatedFileIsBadData) {
  write("a.csv", small_csv(500));
  for (const char* name : {"a.csv.gz", "a.parquet", "a.h5"}) {
    ASSERT_EQ(run({"export", "a.csv", name}).code, 0) << name;
    const std::string whole = base::read_text_file(directory_.file(name));
    write(name, whole.substr(0, whole.size() * 2 / 3));
    expect_train_fails(name, 3, {name});
  }
}

TEST_F(BadInput, AFileThatIsNoModelIsBadData) {
  write("a.csv", small_csv(50));
  ASSERT_EQ(run({"export", "a.csv", "a.h5"}).code, 0);
  const Outcome outcome = run({"generate", "a.h5", "--rows", "5", "--output", "out.csv"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("a.h5"));
  expect_nothing_left("out.csv");
}

TEST_F(BadInput, OddButWholeTablesAreLearned) {
  const std::vector<std::pair<const char*, std::string>> tables = {
      {"one value.csv", "a,b\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n7,x\n8,x\n9,x\n10,x\n11,x\n12,x\n"},
      {"all missing.csv", "a,b\n1,\n2,\n3,\n4,\n5,\n6,\n7,\n8,\n9,\n10,\n11,\n12,\n"},
      {"windows.csv",
       "\xEF\xBB\xBF"
       "a;b\r\n1;x\r\n2;y\r\n3;x\r\n4;y\r\n5;x\r\n6;y\r\n7;x\r\n8;y\r\n9;x\r\n10;y\r\n11;x\r\n12;"
       "y\r\n"},
  };
  for (const auto& [name, text] : tables) {
    write(name, text);
    Outcome outcome = run({"train", name, "--output", "m.h5", "--epochs", "1", "--hidden", "16"});
    ASSERT_EQ(outcome.code, 0) << name << "\n" << outcome.err;
    outcome = run({"generate", "m.h5", "--rows", "20", "--output", "out.csv"});
    ASSERT_EQ(outcome.code, 0) << name << "\n" << outcome.err;
    EXPECT_THAT(base::read_text_file(directory_.file("out.csv")), ::testing::StartsWith("a,b\n"))
        << name;
  }
}

TEST_F(BadInput, OneRowIsTooFewToLearnFromOrIsLearned) {
  write("a.csv", "a,b\n1,x\n");
  const Outcome outcome =
      run({"train", "a.csv", "--output", "m.h5", "--epochs", "1", "--hidden", "16"});
  EXPECT_THAT(outcome.code, ::testing::AnyOf(0, 3)) << outcome.err;
  if (outcome.code == 3) {
    EXPECT_THAT(outcome.err, HasSubstr("row"));
    expect_nothing_left("m.h5");
  }
}

TEST_F(BadInput, AnOutputThatCannotBeWrittenIsAnIoError) {
  write("a.csv", small_csv(50));
  for (const char* output : {"absent/m.h5", "/proc/m.h5"}) {
    const Outcome outcome =
        run({"train", "a.csv", "--output", output, "--epochs", "1", "--hidden", "16"});
    EXPECT_EQ(outcome.code, 4) << output << "\n" << outcome.err;
  }
  EXPECT_EQ(run({"export", "a.csv", "absent/b.csv"}).code, 4);
  EXPECT_EQ(run({"mock-hospital", "--patients", "5", "--output", "a.csv"}).code, 4);
  EXPECT_EQ(run({"info", "a.csv", "--log-json", "absent/log.jsonl"}).code, 4);
}

TEST_F(BadInput, AnOutputThatIsAlsoAnInputIsRefusedAndKept) {
  write("a.csv", small_csv(50));
  ASSERT_EQ(run({"train", "a.csv", "-o", "m.h5", "--epochs", "1", "--hidden", "16"}).code, 0);
  ASSERT_EQ(run({"export", "a.csv", "parts"}).code, 0);
  fs::create_directory(directory_.path() / "raw");
  write("raw/A.csv", small_csv(5));
  write("r.yaml",
        "recipe: r\nsources: {a: {columns: {age: integer}}}\ntables: {t: {from: a}}\n"
        "output: {from: t}\n");
  const std::vector<std::pair<std::string, std::vector<std::string>>> commands = {
      {"a.csv", {"train", "a.csv", "--output", "./a.csv"}},
      {"a.csv", {"inspect", "a.csv", "--output", "a.csv"}},
      {"a.csv", {"export", "a.csv", directory_.file("a.csv")}},
      {"parts", {"export", "parts", "parts/"}},
      {"m.h5", {"generate", "m.h5", "--rows", "5", "--output", "m.h5"}},
      {"a.csv", {"generate", "m.h5", "--like", "a.csv", "--output", "a.csv"}},
      {"m.h5",
       {"attack", "--real", "a.csv", "--holdout", "a.csv", "--model", "m.h5", "--output", "m.h5"}},
      {"raw/A.csv", {"prepare", "r.yaml", "--input", "raw", "--output", "raw/A.csv"}},
      {"r.yaml",
       {"prepare", "r.yaml", "--input", "raw", "--output", "b.csv", "--metadata", "r.yaml"}},
  };
  for (const auto& [input, words] : commands) {
    const std::string before = base::sha256_of_path(directory_.path() / input);
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << words[0] << " " << input << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("also an input"));
    EXPECT_EQ(base::sha256_of_path(directory_.path() / input), before) << words[0];
  }
}

TEST_F(BadInput, AShardDirectoryReplacesNoOtherFiles) {
  write("a.csv", small_csv(50));
  fs::create_directory(directory_.path() / "mine");
  write("mine/thesis.txt", "years of work");
  for (const char* output : {"mine", "."}) {
    const Outcome outcome = run({"export", "a.csv", output});
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("no part of a table"));
    EXPECT_TRUE(fs::exists(directory_.path() / "mine/thesis.txt"));
  }
  EXPECT_EQ(run({"export", "a.csv", "parts"}).code, 0);
  EXPECT_EQ(run({"export", "a.csv", "parts"}).code, 0) << "its own are replaced";
  write("plain", "a file");
  EXPECT_EQ(run({"export", "a.csv", "plain"}).code, 4);
  EXPECT_EQ(base::read_text_file(directory_.file("plain")), "a file");
}

TEST_F(BadInput, AModelInThePlaceOfADirectoryIsRefusedBeforeTheWork) {
  write("a.csv", small_csv(50));
  fs::create_directory(directory_.path() / "models");
  const Outcome outcome = run({"train", "a.csv", "--output", "models", "--hidden", "16"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("models: is a directory, a file is needed"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("training on")));
}

TEST_F(BadInput, AnOutputOfUnknownFormatIsWrongUsage) {
  write("a.csv", small_csv(50));
  const Outcome outcome = run({"export", "a.csv", "b.xlsx"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("parquet"));
}

TEST_F(BadInput, AConfigurationNamesFileLineAndNearestName) {
  write("a.csv", small_csv(50));
  write("a.yaml", "table: a.csv\ntrain:\n  epohcs: 3\n");
  Outcome outcome = run({"run", "a.yaml"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(
      outcome.err,
      HasSubstr("a.yaml:3: there is no setting 'epohcs' in 'train' (did you mean 'epochs'?)"));

  outcome = run({"train", "a.csv", "--output", "m.h5", "--config", "a.yaml"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("a.yaml:3"));

  write("a.yaml", "table: a.csv\ntrain:\n  epochs: {a: 1}\n");
  EXPECT_EQ(run({"run", "a.yaml"}).code, 3);
  EXPECT_EQ(run({"train", "a.csv", "--output", "m.h5", "--config", "a.yaml"}).code, 3);

  write("a.yaml", "table: [a.csv\n");
  EXPECT_EQ(run({"run", "a.yaml"}).code, 3);
  expect_nothing_left("m.h5");
}

TEST_F(BadInput, AConfigurationWithoutDataSaysWhatWouldBeRight) {
  write("a.yaml", "seed: 1\n");
  const Outcome outcome = run({"run", "a.yaml"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("table: FILE"));
}

TEST_F(BadInput, SetAndStageNamesAreChecked) {
  write("a.csv", small_csv(50));
  write("a.yaml", "table: a.csv\n");
  EXPECT_EQ(run({"run", "a.yaml", "--set", "train.epohcs=3"}).code, 3);
  EXPECT_EQ(run({"run", "a.yaml", "--set", "epochs"}).code, 2);
  const Outcome outcome = run({"run", "a.yaml", "--from", "trian"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'train'?"));
}

TEST_F(BadInput, AWrongSettingOfAConfigurationIsBadDataWhateverStageFindsIt) {
  write("a.csv", small_csv(60));
  write("a.yaml",
        "table: a.csv\ntrain: {epochs: 1, hidden: 16, calibrate: 0}\n"
        "generate: {particles: 5, where: [\"age > 30\"]}\n");
  Outcome outcome = run({"run", "a.yaml"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("particles is 5"));

  write("a.yaml", "table: a.csv\nholdout: {entity: agee}\n");
  outcome = run({"run", "a.yaml"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("a.csv: there is no column 'agee', which holdout.entity names "
                                     "(did you mean 'age'?)"));
}

TEST_F(BadInput, ConditionsAndGivenRowsWarnOfWhatIsOddInThemOnly) {
  std::string text = "day,sex\n";
  for (int i = 0; i < 60; ++i)
    text += fmt::format("{:02}/{:02}/2020,{}\n", 1 + i % 12, 1 + i % 28, i % 3 == 0 ? "F" : "M");
  write("a.csv", text);
  ASSERT_EQ(run({"train", "a.csv", "-o", "m.h5", "--epochs", "1", "--hidden", "16"}).code, 0);
  Outcome outcome =
      run({"generate", "m.h5", "--rows", "9", "--output", "b.csv", "--where", "sex IN (F, Mael)"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("warning: condition 'sex IN (F, Mael)': the model makes no "
                                     "'Mael'"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("no 'F'")));

  // The model says which of 03/04 is the month: nothing is guessed.
  write("given.csv", "day\n03/04/2020\n05/06/2020\n");
  outcome = run({"generate", "m.h5", "--like", "given.csv", "--output", "c.csv"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("warning")));
}

TEST_F(BadInput, AFailedStageLeavesNoResultOfItAndSaysWhy) {
  write("a.csv", "a,b\n1,2\n3\n");
  write("a.yaml", "table: a.csv\noutput: out\n");
  const Outcome outcome = run({"run", "a.yaml"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("row 2"));
  for (const char* name : {"train.csv", "holdout.csv", "model.h5", "synthetic", "report"}) {
    EXPECT_FALSE(fs::exists(directory_.path() / "out" / name)) << name;
  }
}

}  // namespace
}  // namespace semblance::testing
