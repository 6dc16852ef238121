/// One patient of the mock hospital: age -> conditions -> admissions -> stays -> outcome.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/philox.hpp"
#include "prepare/mock_catalogue.hpp"

namespace semblance::prepare {

/// Times are seconds since 1970-01-01; 0 means "none".
struct MockStay {
  std::int64_t in = 0, out = 0;                    ///< both within the admission
  CareUnit first_unit = kMicu, last_unit = kMicu;  ///< they differ for a transfer within the stay
  int first_ward = 0, last_ward = 0;               ///< FIRST_WARDID, LAST_WARDID
  bool ventilated = false;                         ///< charts the ventilator's items
};

/// One row of ADMISSIONS with all that belongs to it. Times as in MockStay.
struct MockAdmission {
  /// Death only when in hospital: then it is the discharge; ed: emergency department.
  std::int64_t admit = 0, discharge = 0, death = 0, ed_in = 0, ed_out = 0;
  /// Static texts; "" for missing.
  std::string_view type, from, to, insurance, language, religion, marital, diagnosis;
  const Reason* reason = nullptr;  ///< never null in an admission that was drawn
  double severity = 0;  ///< latent; 0 is a usual patient, 1 is one standard deviation worse
  double age = 0;       ///< years at admission
  std::vector<std::string_view> codes;  ///< ICD-9, the principal diagnosis first
  std::vector<MockStay> stays;          ///< in order of time, one at least
};

/// One row of PATIENTS with all that belongs to it. Times as in MockStay.
struct MockPatient {
  std::int64_t subject = 0;            ///< 1 for the first patient
  bool male = false;                   ///< GENDER
  bool metavision = false;             ///< charted in the newer of two systems
  std::string_view ethnicity;          ///< static; the same in all admissions
  std::bitset<kChronicKinds> chronic;  ///< by ChronicKind
  std::int64_t dob = 0;  ///< shifted 300 years back for people over 89, as MIMIC-III does
  /// DOD, DOD_HOSP, DOD_SSN: days without time.
  std::int64_t dod = 0, dod_hospital = 0, dod_register = 0;
  std::vector<MockAdmission> admissions;  ///< in order of time, one at least
};

/// Draws a patient from his own stream; the stream goes on to his chart events.
MockPatient draw_patient(std::int64_t subject, base::PhiloxStream& stream);

/// One of a weighted list.
std::string_view choose(base::PhiloxStream& stream, std::span<const Weighted> list);

}  // namespace semblance::prepare
