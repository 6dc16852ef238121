/// MIMIC-III-shaped raw tables with no real person in them (what is realistic:
/// docs/MOCK_HOSPITAL.md).
#pragma once

#include <cstdint>
#include <string>

#include "base/settings.hpp"

namespace semblance::prepare {

/// How large, and where to.
struct MockHospitalOptions {
  std::int64_t patients = 1000;  ///< at least 1; more keep the first ones as they are
  std::uint64_t seed = 1;        ///< another one makes other patients
  std::string output;            ///< directory; made when absent
  int threads = 0;               ///< 0: all cores
};
/// The settings of the section `mock_hospital` and of the flags.
void add_settings(base::SettingList& list, MockHospitalOptions& options);

/// Writes ADMISSIONS, PATIENTS, ICUSTAYS, CHARTEVENTS, D_ITEMS and DIAGNOSES_ICD as .csv.gz.
/// The same seed gives the same bytes for any number of threads.
void write_mock_hospital(const MockHospitalOptions& options);

}  // namespace semblance::prepare
