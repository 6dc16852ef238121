/// What the mock hospital knows: units, reasons for admission, chart items. All figures are round
/// numbers chosen by hand to look plausible; none is estimated from patients.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::prepare {

/// A text and how often it is met, relative to the others of its list.
struct Weighted {
  std::string_view text;  ///< static
  double weight = 1;      ///< need not sum to 1
};

/// Intensive care: medical, surgical, coronary, cardiac surgery, trauma, newborns.
enum CareUnit : std::uint8_t { kMicu, kSicu, kCcu, kCsru, kTsicu, kNicu };
inline constexpr int kCareUnits = 6;  ///< length of arrays by unit
/// As in FIRST_CAREUNIT: "MICU"; newborns are "NICU".
std::string_view care_unit_name(CareUnit unit);

/// A reason for admission: whom it meets, where they lie, how ill they are, what is coded.
struct Reason {
  double weight;                ///< relative frequency at the favoured age
  double age_mean, age_spread;  ///< years: weight falls off as a normal curve around the mean
  double winter;                ///< relative swing of the year: 0.3 means 30 % more in mid-January
  double elective;              ///< share of planned admissions
  double severity;              ///< mean of the latent severity (standard deviations)
  double ventilated;            ///< share of ventilated stays at severity 0
  double death_logit;           ///< log-odds of death in hospital at severity 0, age 65
  double stay_days;             ///< median ICU stay at severity 0
  bool infection;               ///< fever, high white cells, lactate
  std::array<double, kCareUnits> units;         ///< relative frequency of the first care unit
  std::span<const std::string_view> diagnoses;  ///< free-text DIAGNOSIS, any of them
  std::span<const std::string_view>
      codes;  ///< ICD-9 codes without points; the first is the principal one
};
/// All reasons; kNewbornReason is the first.
std::span<const Reason> reasons();
inline constexpr int kNewbornReason = 0;  ///< index in reasons(): age 0, never drawn for others

/// Conditions that a patient carries from admission to admission.
struct Chronic {
  std::string_view code;  ///< ICD-9 without point
  double logit_at_65;     ///< log-odds at age 65
  double logit_a_decade;  ///< change for each ten years of age
};
/// Positions in chronic_conditions(); kChronicKinds is their number.
enum ChronicKind {
  kHypertension,
  kDiabetes,
  kHeartFailure,
  kCopd,
  kKidney,
  kFibrillation,
  kChronicKinds
};
/// In the order of ChronicKind.
const std::array<Chronic, kChronicKinds>& chronic_conditions();
/// ICD-9 codes that follow the principal one, any of them.
std::span<const std::string_view> secondary_codes();

/// What the model of a stay charts under an item.
enum class Channel : std::uint8_t {
  kHeartRate,
  kRespiratoryRate,
  kSpo2,
  kSystolic,
  kDiastolic,
  kMeanPressure,
  kArterialSystolic,
  kArterialDiastolic,
  kArterialMean,
  kCvp,
  kTemperature,
  kFio2,
  kPeep,
  kTidalVolume,
  kGlucose,
  kCreatinine,
  kWhiteCells,
  kLactate,
  kPotassium,
  kSodium,
  kHaemoglobin,
  kWeight,
  kPain,
  kAlarmLow,
  kAlarmHigh,
  kGcsEye,
  kGcsVerbal,
  kGcsMotor,
  kText,
  kAspectNumber,
  kAspectText,
};

/// One row of D_ITEMS, and how it is charted.
struct ChartItem {
  int item_id = 0;  ///< ITEMID, ascending over the catalogue
  std::string label, abbreviation, category, param_type, unit;  ///< as in D_ITEMS
  bool metavision = false;                                      ///< else of CareVue
  Channel channel = Channel::kText;                             ///< where its values come from
  int decimals = 0;                                             ///< of a number, when written
  std::uint8_t every_hours = 4;             ///< interval between two records in a usual stay
  std::array<float, kCareUnits> charted{};  ///< share of stays that chart it, by unit
  std::span<const std::string_view> texts;  ///< texts of kText, kAspectText, kGcs…: worst last
  double low = 0, high = 0;                 ///< range of kAspectNumber, limits of the others
};

/// All items: first the `core` ones, then body sites x aspects (each charted for few stays).
struct ChartCatalogue {
  std::vector<ChartItem> items;  ///< in the order of D_ITEMS
  std::vector<int> core[2];     ///< items of CareVue (0) and MetaVision (1) that any stay may chart
  std::vector<int> aspects[2];  ///< the many rarely used ones
};
/// Made at the first call, the same every time; thread-safe.
const ChartCatalogue& chart_catalogue();

}  // namespace semblance::prepare
