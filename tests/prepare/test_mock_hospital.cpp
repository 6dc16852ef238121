#include "prepare/mock_hospital.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "prepare/calendar.hpp"
#include "prepare/gzip_member.hpp"
#include "prepare/mock_tables.hpp"

namespace semblance::prepare {
namespace {

namespace fs = std::filesystem;

class MockHospital : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = fs::temp_directory_path() /
                 ("semblance_" + std::string(info->name()) + std::to_string(getpid()));
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string write(const std::string& name, std::int64_t patients, std::uint64_t seed,
                    int threads) {
    const std::string path = (directory_ / name).string();
    write_mock_hospital({patients, seed, path, threads});
    return path;
  }
  fs::path directory_;
};

/// The whole text of a .gz file, by zlib, all members.
std::string gunzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char buffer[1 << 16];
  for (int n = 0; (n = gzread(file, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(gzclose(file), Z_OK);
  return text;
}

constexpr const char* kNames[] = {"ADMISSIONS",  "PATIENTS", "ICUSTAYS",
                                  "CHARTEVENTS", "D_ITEMS",  "DIAGNOSES_ICD"};

TEST_F(MockHospital, SameSeedGivesTheSameBytesForAnyNumberOfThreads) {
  const std::string one = write("one", 150, 7, 1), four = write("four", 150, 7, 4);
  for (const std::string name : kNames) {
    const std::string file = "/" + name + ".csv.gz";
    EXPECT_EQ(base::sha256_of_path(one + file), base::sha256_of_path(four + file)) << name;
  }
}

TEST_F(MockHospital, AnotherSeedGivesOtherPatients) {
  const std::string a = write("a", 20, 1, 1), b = write("b", 20, 2, 1);
  EXPECT_NE(gunzip(a + "/PATIENTS.csv.gz"), gunzip(b + "/PATIENTS.csv.gz"));
}

TEST_F(MockHospital, MorePatientsLeaveTheFirstOnesAsTheyWere) {
  const std::string few = write("few", 10, 3, 1), many = write("many", 60, 3, 2);
  EXPECT_TRUE(gunzip(many + "/PATIENTS.csv.gz").starts_with(gunzip(few + "/PATIENTS.csv.gz")));
}

/// Commas outside quotes.
std::ptrdiff_t separators(std::string_view line) {
  std::ptrdiff_t commas = 0;
  bool quoted = false;
  for (const char c : line) {
    quoted ^= c == '"';
    commas += c == ',' && !quoted;
  }
  return commas;
}

TEST_F(MockHospital, EveryRowHasAsManyFieldsAsTheHeaderAndARunningNumber) {
  const std::string path = write("h", 40, 5, 2);
  for (const std::string name : kNames) {
    const std::string text = gunzip(path + "/" + name + ".csv.gz");
    std::int64_t row = 0;
    const std::ptrdiff_t wanted = separators(text.substr(0, text.find('\n')));
    for (std::size_t at = 0; at < text.size(); ++row) {
      const std::size_t end = text.find('\n', at);
      ASSERT_NE(end, std::string::npos);
      ASSERT_EQ(separators(std::string_view(text).substr(at, end - at)), wanted) << name << row;
      if (row > 0) {
        ASSERT_EQ(std::stoll(text.substr(at, 20)), row) << name;
      }
      at = end + 1;
    }
    EXPECT_GT(row, 1) << name;
  }
}

/// Calls visit(patient, admission, stay, events of the stay) for every stay of a block.
template <class Visit>
void for_each_stay(const MockBlock& block, const Visit& visit) {
  std::size_t event = 0, stay_number = 0;
  for (const MockPatient& patient : block.patients) {
    for (const MockAdmission& admission : patient.admissions) {
      for (const MockStay& stay : admission.stays) {
        const std::size_t n = block.events_of_stay[stay_number++];
        visit(patient, admission, stay, std::span(block.events).subspan(event, n));
        event += n;
      }
    }
  }
  EXPECT_EQ(event, block.events.size());
}

const ChartItem& item_of(const MockEvent& event) {
  return chart_catalogue().items[static_cast<std::size_t>(event.item)];
}

void expect_dates_in_order(const MockAdmission& admission) {
  if (admission.ed_in != 0) {
    EXPECT_LT(admission.ed_in, admission.ed_out);
    EXPECT_LE(admission.ed_in, admission.admit);
  }
  std::int64_t last = admission.admit;
  for (const MockStay& stay : admission.stays) {
    EXPECT_LE(last, stay.in);
    EXPECT_LT(stay.in, stay.out);
    last = stay.out;
  }
  EXPECT_LE(last, admission.discharge);
  if (admission.death != 0) {
    EXPECT_EQ(admission.death, admission.discharge);
  }
}

TEST(MockPatients, DatesAreInOrder) {
  const MockBlock block = draw_block(1, 801, 11);
  for (const MockPatient& patient : block.patients) {
    std::int64_t before = patient.dob;
    for (const MockAdmission& admission : patient.admissions) {
      EXPECT_LE(before, admission.admit);
      expect_dates_in_order(admission);
      if (admission.death != 0) {
        EXPECT_EQ(&admission, &patient.admissions.back());
      }
      before = admission.discharge;
    }
    if (patient.dod != 0) {
      EXPECT_GE(patient.dod + kSecondsPerDay, before);
    }
  }
}

TEST(MockPatients, EventsLieWithinTheirStay) {
  for_each_stay(draw_block(1, 60, 2), [](auto&, auto&, const MockStay& stay, auto events) {
    for (const MockEvent& event : events) {
      EXPECT_GE(std::int64_t{event.minute} * 60, stay.in);
      EXPECT_LE(std::int64_t{event.minute} * 60, stay.out);
    }
  });
}

TEST(MockPatients, PeopleOver89AreBorn300YearsBeforeTheirFirstAdmission) {
  int hidden = 0;
  for (const MockPatient& patient : draw_block(1, 2001, 4).patients) {
    const MockAdmission& first = patient.admissions.front();
    const double shown = static_cast<double>(first.admit - patient.dob) / (365.2425 * 86400);
    if (first.age > 89) {
      ++hidden;
      EXPECT_NEAR(shown, 300, 0.01);
    } else {
      EXPECT_LT(shown, 89.1);
    }
  }
  EXPECT_GT(hidden, 20);
}

/// Mean of a channel's values in each care unit.
std::map<CareUnit, double> unit_means(const MockBlock& block, Channel channel) {
  std::map<CareUnit, std::pair<double, double>> sums;
  for_each_stay(block, [&](auto&, auto&, const MockStay& stay, auto events) {
    for (const MockEvent& event : events) {
      if (item_of(event).channel != channel || event.value == kNoValue) continue;
      sums[stay.first_unit].first += event.value / std::pow(10.0, item_of(event).decimals);
      sums[stay.first_unit].second += 1;
    }
  });
  std::map<CareUnit, double> means;
  for (const auto& [unit, sum] : sums) means[unit] = sum.first / sum.second;
  return means;
}

TEST(MockPatients, VitalsDependOnTheUnit) {
  const MockBlock block = draw_block(1, 1501, 6);
  const auto heart = unit_means(block, Channel::kHeartRate);
  EXPECT_NEAR(heart.at(kNicu), 146, 8);
  EXPECT_NEAR(heart.at(kMicu), 88, 8);
  const auto temperature = unit_means(block, Channel::kTemperature);
  EXPECT_LT(temperature.at(kCcu), temperature.at(kMicu));  // fewer infections
}

TEST(MockPatients, CentralVenousPressureIsChartedInCardiacSurgeryAboveAll) {
  std::map<bool, std::pair<double, double>> charted;  // in CSRU? -> stays with CVP, stays
  for_each_stay(draw_block(1, 401, 6), [&](auto&, auto&, const MockStay& stay, auto events) {
    bool any = false;
    for (const MockEvent& event : events) any |= item_of(event).channel == Channel::kCvp;
    charted[stay.first_unit == kCsru].first += any;
    charted[stay.first_unit == kCsru].second += 1;
  });
  EXPECT_GT(charted[true].first / charted[true].second, 0.75);
  EXPECT_LT(charted[false].first / charted[false].second, 0.40);
}

TEST(MockPatients, DeathGrowsWithAgeAndPneumoniaComesInWinter) {
  double died[2] = {}, all[2] = {}, winter = 0, summer = 0;
  for (const MockPatient& patient : draw_block(1, 3001, 8).patients) {
    for (const MockAdmission& admission : patient.admissions) {
      if (admission.age < 16) continue;
      const bool old = admission.age > 75;
      died[old] += admission.death != 0;
      all[old] += 1;
      const int month = civil_from_days(admission.admit / kSecondsPerDay).month;
      if (admission.reason->winter > 0.35) (month <= 3 || month >= 11 ? winter : summer) += 1;
    }
  }
  EXPECT_GT(died[1] / all[1], 1.5 * died[0] / all[0]);
  EXPECT_GT(winter / 5, 1.25 * summer / 7);  // a month
}

TEST(MockPatients, ThereAreManyLabelsWithUnitsAndEachItemHasItsOwnNumber) {
  std::set<std::string> labels;
  std::set<int> ids;
  std::size_t with_unit = 0;
  for (const ChartItem& item : chart_catalogue().items) {
    labels.insert(item.label);
    EXPECT_TRUE(ids.insert(item.item_id).second) << item.label;
    with_unit += !item.unit.empty();
  }
  EXPECT_GT(labels.size(), 1000u);
  EXPECT_GT(with_unit, 400u);
}

TEST(MockHospitalOptions, RefuseNoPatientsAndNoPlaceToWrite) {
  try {
    write_mock_hospital({0, 1, "/tmp/never", 1});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
  }
  try {
    write_mock_hospital({5, 1, "/proc/nowhere", 1});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
    EXPECT_THAT(error.what(), testing::HasSubstr("/proc/nowhere"));
  }
}

TEST(GzipMember, MembersInARowAreOneFile) {
  const fs::path path =
      fs::temp_directory_path() / ("semblance_members" + std::to_string(getpid()) + ".gz");
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919 % 10007) + ",";
  base::write_text_file(path, gzip_member("") + gzip_member("header\n") + gzip_member(text));
  EXPECT_EQ(gunzip(path.string()), "header\n" + text);
  fs::remove(path);
}

}  // namespace
}  // namespace semblance::prepare
