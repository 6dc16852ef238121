#include "trainer/train.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hdf5.hpp"
#include "base/philox.hpp"
#include "tests/base/temporary_directory.hpp"
#include "trainer/model.hpp"

namespace semblance::trainer {
namespace {

/// A table of n rows: a number, a category that follows it nine times in ten, and a constant.
std::string write_csv(const std::filesystem::path& folder, int n) {
  const std::string path = (folder / "table.csv").string();
  std::ofstream file(path);
  file << "value,band,fixed\n";
  base::PhiloxStream stream(1, base::Purpose::kMockHospital, 0);
  for (int i = 0; i < n; ++i) {
    const auto value = stream.below(100);
    const bool high = (value >= 50) != (stream.uniform() < 0.1);
    file << value << ',' << (high ? "high" : "low") << ",same\n";
  }
  return path;
}

class Train : public testing::Test {
 protected:
  TrainOptions options_for(int rows) {
    TrainOptions options;
    options.table = write_csv(folder_.path(), rows);
    options.output = (folder_.path() / "model.h5").string();
    options.hidden = 32;
    options.blocks = 0;
    options.threads = 1;
    options.device = "cpu";
    return options;
  }
  void run(const TrainOptions& options) { train(options, *base::self_communicator()); }

  /// The message of the error that training ends with.
  std::string refusal(const TrainOptions& options, base::ErrorKind kind) {
    try {
      run(options);
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), kind) << e.what();
      return e.what();
    }
    ADD_FAILURE() << "was not refused";
    return "";
  }

  base::TemporaryDirectory folder_;
};

TEST_F(Train, MakesAModelWhoseRowsFollowTheTable) {
  run(options_for(4000));
  const Model model = load_model((folder_.path() / "model.h5").string());
  EXPECT_EQ(model.decoder, "autoregressive");
  EXPECT_EQ(model.trained_rows, 4000);
  EXPECT_EQ(model.sha256.size(), 64u);
  const TokenMatrix tokens = model.sampler->sample(0, 4000, 3, 1);
  const table::Table rows = model.codec.decode(tokens, 0, 3);
  ASSERT_EQ(rows.n_columns(), 3);
  int agree = 0, low = 0;
  for (std::int64_t r = 0; r < rows.n_rows(); ++r) {
    const bool high = rows.columns[0].as_double(r) >= 50;
    agree += high == (rows.columns[1].as_text(r) == "high");
    low += !high;
    EXPECT_EQ(rows.columns[2].as_text(r), "same");
  }
  // Nine in ten and one half, with 4 standard errors of both tables and as much again for the
  // model.
  EXPECT_NEAR(agree / 4000.0, 0.9, 0.04);
  EXPECT_NEAR(low / 4000.0, 0.5, 0.06);
}

TEST_F(Train, DrawsLevelsThatFitTheRowWhereOneIsWithheld) {
  TrainOptions options = options_for(0);
  {
    std::ofstream file(options.table);
    file << "team,code\n";
    for (int i = 0; i < 2000; ++i) {  // one row in ten of team a has a code of its own
      if (i % 2 == 0)
        file << "b,b1\n";
      else
        file << "a," << (i % 20 == 1 ? "a-" + std::to_string(i) : "a1") << "\n";
    }
  }
  options.epochs = 10;
  run(options);
  const Model model = load_model(options.output);
  ASSERT_EQ(model.codec.withheld_tokens().size(), 1u);
  const auto [column, withheld] = model.codec.withheld_tokens()[0];
  EXPECT_EQ(column, 1);
  const TokenMatrix tokens = model.sampler->sample(0, 4000, 3, 1);
  const table::Table rows = model.codec.decode(tokens, 0, 3);
  int strange = 0;
  for (std::int64_t r = 0; r < rows.n_rows(); ++r) {
    EXPECT_NE(tokens.column(1)[r], withheld);
    strange += rows.columns[1].as_text(r) != rows.columns[0].as_text(r) + "1";
  }
  // 100 of 2,000 rows had a level by its frequency alone, which was wrong in every second one.
  EXPECT_LT(strange, 20);
}

TEST_F(Train, GivesTheSameFileForTheSameSeed) {
  TrainOptions options = options_for(500);
  run(options);
  const std::string first = base::sha256_of_path(options.output);
  run(options);
  EXPECT_EQ(base::sha256_of_path(options.output), first);
  options.seed = 2;
  run(options);
  EXPECT_NE(base::sha256_of_path(options.output), first);
}

TEST_F(Train, LeavesTheNumberOfBlocksToTheValidationLoss) {
  TrainOptions options = options_for(1500);
  options.blocks = -1;
  run(options);
  EXPECT_EQ(load_model(options.output).trained_rows, 1500);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"model.h5", "table.csv"}));  // no checkpoint is left
}

TEST_F(Train, SavesOnSigtermAndGoesOnFromThere) {
  TrainOptions options = options_for(3000);
  options.epochs = 6;
  run(options);
  const std::string whole = base::sha256_of_path(options.output);
  std::filesystem::remove(options.output);

  options.checkpoint_dir = (folder_.path() / "saved").string();
  options.checkpoint_seconds = 0;  // at each step
  bool stopped = false;
  // The signal is raised by a file that appears: a thread waits for the first checkpoint.
  std::thread killer([&] {
    const std::filesystem::path checkpoint =
        std::filesystem::path(options.checkpoint_dir) / "model.h5.plain.checkpoint";
    for (int i = 0; i < 5000 && !std::filesystem::exists(checkpoint); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (std::filesystem::exists(checkpoint)) kill(getpid(), SIGTERM);
  });
  try {
    run(options);
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kStopped) << e.what();
    stopped = true;
  }
  killer.join();
  ASSERT_TRUE(stopped);
  EXPECT_FALSE(std::filesystem::exists(options.output));
  options.checkpoint_seconds = 600;
  run(options);
  EXPECT_EQ(base::sha256_of_path(options.output), whole);
}

TEST_F(Train, TrainsEitherDecoderOnVeryFewRows) {
  for (const char* decoder : {"autoregressive", "independent"}) {
    for (const int rows : {2, 3, 30, 130}) {
      TrainOptions options = options_for(rows);
      options.decoder = decoder;
      run(options);
      const Model model = load_model(options.output);
      EXPECT_EQ(model.decoder, decoder);
      EXPECT_EQ(model.codec.decode(model.sampler->sample(0, 7, 1, 1), 0, 1).n_rows(), 7);
    }
  }
}

TEST_F(Train, RefusesOneRowAndSettingsOutOfRange) {
  EXPECT_NE(refusal(options_for(1), base::ErrorKind::kData).find("at least 2 rows"),
            std::string::npos);
  TrainOptions options = options_for(50);
  options.decoder = "independant";
  EXPECT_NE(refusal(options, base::ErrorKind::kData).find("did you mean 'independent'"),
            std::string::npos);
  options = options_for(50);
  options.validation = 1;
  EXPECT_NE(refusal(options, base::ErrorKind::kData).find("validation"), std::string::npos);
  options = options_for(50);
  options.output = (folder_.path() / "absent" / "model.h5").string();
  refusal(options, base::ErrorKind::kIo);
}

TEST_F(Train, AModelFileThatIsDamagedOrForgedIsRefused) {
  const TrainOptions options = options_for(200);
  run(options);
  const auto refused = [&](const char* what) {
    try {
      load_model(options.output);
      ADD_FAILURE() << what << " was not refused";
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kData) << what << ": " << e.what();
    }
  };
  const auto with_network = [&](const auto& change) {
    run(options);
    const base::H5Handle file(H5Fopen(options.output.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose,
                              "model");
    change(base::h5_open_group(file.get(), "network").get());
  };
  const auto forge = [](hid_t group, const char* name, std::int64_t value) {
    H5Adelete(group, name);
    base::h5_write_attribute(group, name, value);
  };
  with_network([&](hid_t group) { forge(group, "hidden", 1'000'000'000); });
  refused("a huge width");
  with_network([&](hid_t group) { forge(group, "hidden", 16); });
  refused("another width");
  with_network([&](hid_t group) { forge(group, "blocks", 3); });
  refused("absent blocks");
  with_network([&](hid_t group) {
    H5Ldelete(group, "order", H5P_DEFAULT);
    base::h5_write(group, "order", std::vector<int>{0, 0, 1});
  });
  refused("an order that is no permutation");
  std::filesystem::resize_file(options.output, 1000);
  refused("a truncated file");
}

}  // namespace
}  // namespace semblance::trainer
