/// Chart events of a stay: hourly vitals, laboratory values and nursing texts around a severity
/// that drifts towards recovery or death.
#pragma once

#include <cstdint>
#include <vector>

#include "prepare/mock_patient.hpp"

namespace semblance::prepare {

inline constexpr std::int32_t kNoValue = INT32_MIN;  ///< VALUE is left blank

/// One row of CHARTEVENTS, in 16 bytes: there are millions.
struct MockEvent {
  std::int32_t minute;  ///< CHARTTIME, minutes since 1970-01-01
  std::int16_t item;    ///< index in chart_catalogue().items
  std::uint16_t delay;  ///< minutes until STORETIME
  std::uint16_t nurse;  ///< CGID
  std::int32_t value;   ///< number times 10^decimals, or index of a text, or kNoValue
};

/// Appends the events of a stay in order of time. \param stay  index in admission.stays
void draw_events(const MockPatient& patient, const MockAdmission& admission, std::size_t stay,
                 base::PhiloxStream& stream, std::vector<MockEvent>& events);

}  // namespace semblance::prepare
