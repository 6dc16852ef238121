#include "generator/write_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "generator/pack_rows.hpp"
#include "generator/row_maker.hpp"
#include "table/read_table.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/generator/fake_model.hpp"

namespace semblance::generator {
namespace {

namespace fs = std::filesystem;
using trainer::expect_same_cells;

class WriteOutput : public testing::Test {
 protected:
  WriteOutput()
      : model_(fake_model(small_table(), {"low < high"})),
        maker_(model_.codec, *model_.sampler, 7, nullptr) {}

  OutputPlan plan(const std::string& name, std::int64_t rows,
                  std::int64_t rows_per_part = 1000) const {
    return {directory_.file(name), rows, rows_per_part, 1, 7, "model", ""};
  }
  void write(const OutputPlan& plan, int n_ranks = 1) const {
    base::run_ranks_as_threads(n_ranks, [&](base::Communicator& communicator) {
      RetryCounts counts;
      if (fs::path(plan.path).has_extension()) {
        write_single_file(plan, maker_, communicator, counts);
      } else {
        write_shard_directory(plan, maker_, communicator, counts);
      }
    });
  }

  base::TemporaryDirectory directory_;
  FakeModel model_;
  RowMaker maker_;
};

TEST_F(WriteOutput, ASingleFileIsTheSameForAnyNumberOfRanksAndThreads) {
  OutputPlan one = plan("one.csv", 40'000);
  write(one);
  OutputPlan three = plan("three.csv", 40'000);
  three.threads = 2;
  write(three, 3);
  EXPECT_EQ(base::sha256_of_path(one.path), base::sha256_of_path(three.path));
}

TEST_F(WriteOutput, ShardsHoldTheRowsOfTheSingleFileForAnyNumberOfRanksAndParts) {
  write(plan("all.csv", 5500));
  const table::Schema& schema = maker_.schema();
  const table::Table expected = table::read_table(directory_.file("all.csv"), {.schema = &schema});
  for (const auto& [name, per_part, ranks] :
       {std::tuple{"a", 1000, 1}, {"b", 700, 3}, {"c", 10'000, 2}}) {
    write(plan(name, 5500, per_part), ranks);
    expect_same_cells(expected, table::read_shards(directory_.file(name), true));
  }
}

TEST_F(WriteOutput, MoreRanksThanRowsIsFine) {
  write(plan("few", 2, 1), 3);
  EXPECT_EQ(table::read_shards(directory_.file("few"), true).n_rows(), 2);
  write(plan("few.csv", 2), 3);
  EXPECT_EQ(table::read_table(directory_.file("few.csv")).n_rows(), 2);
}

TEST_F(WriteOutput, ARestartRedoesOnlyWhatIsMissingOrDamaged) {
  const OutputPlan output = plan("shards", 5000);
  write(output);
  const std::string whole = base::sha256_of_path(output.path + "/part-00001.h5");
  const auto stamp = [&](int part) {
    return fs::last_write_time(output.path + "/" + table::part_file_name(part));
  };
  const auto kept = stamp(1);
  fs::remove(output.path + "/part-00003.h5");
  std::ofstream(output.path + "/part-00002.h5", std::ios::binary | std::ios::app) << "damage";
  const auto damaged = stamp(2);
  write(output, 2);
  EXPECT_EQ(stamp(1), kept);
  EXPECT_NE(stamp(2), damaged);
  EXPECT_EQ(base::sha256_of_path(output.path + "/part-00001.h5"), whole);
  EXPECT_EQ(table::read_shards(output.path, true).n_rows(), 5000);
}

/// Fails from a row on, as a job does that is killed.
class DyingSampler : public trainer::Sampler {
 public:
  DyingSampler(const trainer::Sampler& sampler, std::int64_t last)
      : sampler_(sampler), last_(last) {}
  trainer::TokenMatrix sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                              int threads) const override {
    if (first_row >= last_) base::fail(base::ErrorKind::kIo, "killed");
    return sampler_.sample(first_row, n_rows, seed, threads);
  }

 private:
  const trainer::Sampler& sampler_;
  std::int64_t last_;
};

TEST_F(WriteOutput, PartsOfAnUnfinishedRunAreTakenUp) {
  const OutputPlan output = plan("shards", 5000);
  const DyingSampler dying(*model_.sampler, 3000);
  const RowMaker maker(model_.codec, dying, 7, nullptr);
  RetryCounts counts;
  EXPECT_THROW(write_shard_directory(output, maker, *base::self_communicator(), counts),
               base::Error);
  EXPECT_THROW(table::read_manifest(output.path), base::Error);
  const auto stamp = [&](int part) {
    return fs::last_write_time(output.path + "/" + table::part_file_name(part));
  };
  const auto first = stamp(0), third = stamp(2);
  std::ofstream(output.path + "/.part-00003.h5.4711.part") << "half a part";
  write(output);
  EXPECT_FALSE(fs::exists(output.path + "/.part-00003.h5.4711.part"));
  EXPECT_EQ(stamp(0), first);
  EXPECT_EQ(stamp(2), third);
  EXPECT_EQ(table::read_shards(output.path, true).n_rows(), 5000);
}

TEST_F(WriteOutput, PartsOfOtherSettingsAreMadeAgain) {
  const OutputPlan output = plan("shards", 3000);
  write(output);
  const auto stamp = fs::last_write_time(output.path + "/part-00000.h5");
  for (OutputPlan other :
       {OutputPlan{output.path, 3000, 1000, 1, 8, "model", ""},
        OutputPlan{output.path, 3000, 1000, 1, 8, "other", ""},
        OutputPlan{output.path, 3000, 1000, 1, 8, "other", "reject_copies_of x"}}) {
    write(other);
    EXPECT_NE(fs::last_write_time(output.path + "/part-00000.h5"), stamp);
    EXPECT_EQ(table::read_manifest(output.path).seed, 8u);
  }
}

TEST_F(WriteOutput, FewerRowsThanBeforeLeaveNoStaleParts) {
  write(plan("shards", 5000));
  write(plan("shards", 1500));
  EXPECT_FALSE(fs::exists(directory_.file("shards") + "/part-00002.h5"));
  EXPECT_EQ(table::read_shards(directory_.file("shards"), true).n_rows(), 1500);
  for (const auto& entry : fs::directory_iterator(directory_.file("shards"))) {
    EXPECT_THAT(entry.path().filename().string(),
                testing::AnyOf("manifest.json", "dataset.h5", "part-00000.h5", "part-00001.h5"));
  }
}

TEST_F(WriteOutput, ADirectoryWithOtherFilesIsLeftAlone) {
  fs::create_directories(directory_.file("home"));
  std::ofstream(directory_.file("home") + "/thesis.txt") << "precious";
  EXPECT_THAT([&] { write(plan("home", 100)); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("thesis.txt")));
  EXPECT_TRUE(fs::exists(directory_.file("home") + "/thesis.txt"));
}

TEST_F(WriteOutput, AFileWhoseNameOnlyBeginsLikeAPartIsLeftAlone) {
  write(plan("shards", 100));
  std::ofstream(directory_.file("shards") + "/part-list.txt") << "precious";
  EXPECT_THAT([&] { write(plan("shards", 200)); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("part-list.txt")));
  EXPECT_TRUE(fs::exists(directory_.file("shards") + "/part-list.txt"));
}

TEST_F(WriteOutput, AFailureLeavesNoFileUnderItsFinalName) {
  const FakeModel model = fake_model(small_table(), {"low > 1000"});
  const RowMaker maker(model.codec, *model.sampler, 7, nullptr);
  RetryCounts counts;
  EXPECT_THROW(write_single_file(plan("none.csv", 100), maker, *base::self_communicator(), counts),
               base::Error);
  EXPECT_FALSE(fs::exists(directory_.file("none.csv")));
  EXPECT_THROW(write_shard_directory(plan("none", 100), maker, *base::self_communicator(), counts),
               base::Error);
  EXPECT_FALSE(fs::exists(directory_.file("none") + "/manifest.json"));
}

TEST(PackRows, GiveTheSameRowsBack) {
  const table::Table rows = small_table(100);
  expect_same_cells(rows, unpack_rows(pack_rows(rows), rows.schema()));
  const table::Table none = table::empty_table(rows.schema());
  EXPECT_EQ(unpack_rows(pack_rows(none), rows.schema()).n_rows(), 0);
}

TEST(PackRows, AppendingJoinsLevels) {
  table::Table rows = trainer::table_of({trainer::categories("x", {"a", "b", ""})});
  append_rows(rows, trainer::table_of({trainer::categories("x", {"c", "b", "", "a"})}));
  ASSERT_EQ(rows.n_rows(), 7);
  EXPECT_EQ(rows.columns[0].as_text(3), "c");
  EXPECT_EQ(rows.columns[0].as_text(4), "b");
  EXPECT_TRUE(rows.columns[0].is_missing(5));
  EXPECT_EQ(rows.columns[0].as_text(6), "a");
}

}  // namespace
}  // namespace semblance::generator
