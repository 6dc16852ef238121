#include "pipeline/attack.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/philox.hpp"
#include "pipeline/attack_pool.hpp"
#include "tests/pipeline/temporary_folder.hpp"
#include "trainer/train.hpp"

namespace semblance::pipeline {
namespace {

using testing::error_of;
using testing::TemporaryFolder;

/// Rows of two numbers that hang together and a category; `patient` has three rows.
std::string write_people(const std::filesystem::path& path, int n, std::uint64_t stream) {
  std::ofstream file(path);
  file << "patient,age,pressure,ward\n";
  base::PhiloxStream random(11, base::Purpose::kMockHospital, stream);
  for (int i = 0; i < n; ++i) {
    const auto age = 20 + random.below(70);
    file << 'p' << stream << '-' << i / 3 << ',' << age << ',' << 100 + age / 2 + random.below(40)
         << ',' << "ABCDE"[random.below(5)] << '\n';
  }
  return path.string();
}

class Attack : public ::testing::Test {
 protected:
  AttackOptions options(int rows, trainer::TrainOptions training) {
    training.table = write_people(folder_ / "train.csv", rows, 1);
    training.metadata = folder_.write("m.yaml", "columns: {patient: {kind: id}}\n").string();
    training.output = (folder_ / "model.h5").string();
    training.threads = 1;
    trainer::train(training, *base::self_communicator());
    return {.real = training.table,
            .holdout = write_people(folder_ / "holdout.csv", rows, 2),
            .metadata = training.metadata,
            .model = training.output,
            .output = (folder_ / "attack.json").string(),
            .models = 8,
            .threads = 1};
  }
  /// Names of what stands beside attack.json while it is made.
  std::vector<std::string> unfinished() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".part") names.push_back(entry.path().filename().string());
    }
    return names;
  }
  nlohmann::json run(const AttackOptions& options) {
    attack(options, *base::self_communicator());
    return nlohmann::json::parse(base::read_text_file(options.output));
  }

  TemporaryFolder folder_;
};

TEST_F(Attack, CatchesAModelThatLearnsRowsByHeart) {
  const nlohmann::json json =
      run(options(300, {.blocks = 1, .epochs = 150, .weight_decay = 0, .validation = 0}));
  ASSERT_EQ(json["attacks"][0]["id"], "model");
  EXPECT_GT(json["attacks"][0]["rows"]["auc"].get<double>(), 0.8);
  EXPECT_GT(json["attacks"][0]["one_run"]["epsilon"].get<double>(), 0.3);
  EXPECT_GT(json["attacks"][0]["released"]["auc"].get<double>(), 0.7);
}

TEST_F(Attack, FindsNobodyInTheRowsOfADefaultModel) {
  const nlohmann::json json = run(options(600, {}));
  const nlohmann::json& rows = json["attacks"][1];
  ASSERT_EQ(rows["id"], "rows");
  EXPECT_NEAR(rows["rows"]["auc"].get<double>(), 0.5, 0.03);  // 9600 guesses
  EXPECT_LT(rows["rows"]["tpr"][1]["interval"]["low"].get<double>(), 0.015);
  EXPECT_LT(rows["one_run"]["epsilon"].get<double>(), 0.2);
}

TEST_F(Attack, IsTheSameForAnyNumberOfRanks) {
  AttackOptions settings = options(90, {.blocks = 0, .epochs = 2});
  settings.models = 4;
  const nlohmann::json alone = run(settings);
  base::run_ranks_as_threads(3, [&](base::Communicator& c) { attack(settings, c); });
  EXPECT_EQ(nlohmann::json::parse(base::read_text_file(settings.output)), alone);
}

TEST_F(Attack, TossesOneCoinForAllRowsOfAPerson) {
  AttackOptions settings = options(300, {.blocks = 0, .epochs = 1});
  settings.person = "patient";
  settings.rows = 150;
  const AttackPool pool = read_attack_pool(settings);
  EXPECT_LE(pool.n_rows(), 150);
  EXPECT_GT(pool.n_rows(), 140);
  const std::vector<char> in = pool.coins(3, 1);
  double included = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    included += in[i];
    for (std::size_t k = 0; k < i; ++k) {
      EXPECT_TRUE(pool.person[i] != pool.person[k] || in[i] == in[k]);
    }
  }
  EXPECT_NEAR(included / static_cast<double>(in.size()), 0.5, 0.3);
  EXPECT_NE(in, pool.coins(4, 1));
}

TEST_F(Attack, SaysWhatIsMissing) {
  AttackOptions settings = options(60, {.blocks = 0, .epochs = 1});
  settings.person = "patien";
  EXPECT_NE(error_of([&] { run(settings); }).message.find("did you mean 'patient'"),
            std::string::npos);
  settings.person.clear();
  settings.models = 2;
  EXPECT_NE(error_of([&] { run(settings); }).message.find("give at least 4"), std::string::npos);
}

TEST_F(Attack, NeedsFortyPeopleNotFortyRows) {
  AttackOptions settings = options(57, {.blocks = 0, .epochs = 1});
  settings.person = "patient";  // 19 in each table
  const auto thrown = error_of([&] { run(settings); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
  EXPECT_NE(thrown.message.find("114 rows of 38 people"), std::string::npos) << thrown.message;
  EXPECT_NE(thrown.message.find("at least 40"), std::string::npos) << thrown.message;
}

TEST_F(Attack, RemovesRowsThatAnEarlierOneLeft) {
  AttackOptions settings = options(60, {.blocks = 0, .epochs = 1});
  settings.models = 4;
  for (const char* name : {".attack.json.0.77.part", ".attack.json.5.123.part"}) {
    std::filesystem::create_directory(folder_ / name);
    folder_.write(std::string(name) + "/rows.h5", "rows of people");
  }
  folder_.write(".other.json.0.77.part", "not of this one");
  run(settings);
  EXPECT_EQ(unfinished(), std::vector<std::string>{".other.json.0.77.part"});
}

TEST_F(Attack, LeavesNoRowsBehindOnAnyRankWhenOneFails) {
  const AttackOptions settings = options(60, {.blocks = 0, .epochs = 1});
  std::atomic<int> failed = 0;
  base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
    AttackOptions own = settings;
    if (communicator.rank() == 1) own.device = "no such device";
    const auto thrown = error_of([&] { attack(own, communicator); });
    failed += thrown.message.find("no such device") != std::string::npos;
  });
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(unfinished(), std::vector<std::string>{});
}

}  // namespace
}  // namespace semblance::pipeline
