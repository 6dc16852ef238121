#include "prepare/mock_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

using Stream = base::PhiloxStream;
constexpr int kChannels = static_cast<int>(Channel::kAspectText) + 1;

/// Normal numbers two at a time (both of a Box-Muller pair).
class Normals {
 public:
  explicit Normals(Stream& stream) : stream_(stream) {}
  double next() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log1p(-stream_.uniform()));
    const double angle = 6.283185307179586 * stream_.uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  Stream& stream_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// Mean and spread of a channel, for a severity.
struct Level {
  double mean, spread;
};

/// The constants of a stay and its hourly state.
struct StayModel {
  const MockPatient& patient;
  const MockAdmission& admission;
  const MockStay& stay;
  bool dies, newborn, infection;
  double weight_kg;
  std::array<double, kChannels> baseline{};  ///< a patient's own deviation, in spreads
  std::array<double, kChannels> wander{};    ///< autoregressive part, in spreads
  double severity = 0;                       ///< now

  bool has(ChronicKind kind) const { return patient.chronic[static_cast<std::size_t>(kind)]; }
  Level level(Channel channel) const;
  Level blood_pressure(Channel channel) const;
  Level laboratory(Channel channel) const;
};

Level StayModel::blood_pressure(Channel channel) const {
  const double age = admission.age;
  const double systolic = newborn ? 64
                                  : 117 + 0.22 * (age - 60) + 9 * has(kHypertension) -
                                        8.5 * severity - 7 * has(kHeartFailure);
  const double diastolic =
      newborn ? 36 : 60 - 0.12 * (age - 60) - 4.0 * severity + 2 * has(kHypertension);
  const double arterial = 3;  // invasive readings lie a little higher
  switch (channel) {
    case Channel::kSystolic:
      return {systolic, 9};
    case Channel::kDiastolic:
      return {diastolic, 6};
    case Channel::kMeanPressure:
      return {(systolic + 2 * diastolic) / 3, 7};
    case Channel::kArterialSystolic:
      return {systolic + arterial, 10};
    case Channel::kArterialDiastolic:
      return {diastolic - 1, 6};
    default:
      return {(systolic + 2 * diastolic + arterial) / 3, 7};
  }
}

/// Laboratory values are log-normal: mean and spread of the logarithm.
Level StayModel::laboratory(Channel channel) const {
  switch (channel) {
    case Channel::kGlucose:
      return {std::log(newborn ? 78 : 118) + 0.28 * has(kDiabetes) + 0.06 * severity, 0.18};
    case Channel::kCreatinine:
      return {std::log(newborn ? 0.6 : 0.85) + 0.16 * patient.male + 0.75 * has(kKidney) +
                  0.22 * severity,
              0.10};
    case Channel::kWhiteCells:
      return {std::log(newborn ? 13 : 9.5) + 0.28 * infection + 0.10 * severity, 0.15};
    case Channel::kLactate:
      return {std::log(1.3) + 0.2 * infection + 0.30 * severity, 0.22};
    case Channel::kPotassium:
      return {std::log(4.1) + 0.05 * has(kKidney) + 0.02 * severity, 0.06};
    case Channel::kSodium:
      return {std::log(138.5) - 0.006 * severity, 0.012};
    default:
      return {std::log(newborn ? 15.5 : 9.9) + 0.07 * patient.male - 0.05 * severity, 0.05};
  }
}

Level StayModel::level(Channel channel) const {
  const double age = admission.age;
  const CareUnit unit = stay.first_unit;
  const bool irregular = has(kFibrillation);
  switch (channel) {
    case Channel::kHeartRate:
      if (newborn) return {146, 8};
      return {83 + 6.5 * severity - 0.14 * (age - 60) + 5 * (unit == kCsru) - 4 * (unit == kCcu) +
                  6 * infection + 6 * irregular,
              6.0 + 4 * irregular};
    case Channel::kRespiratoryRate:
      return {newborn ? 47 : 18.2 + 2.1 * severity + 1.5 * has(kCopd) - 1.5 * stay.ventilated, 2.8};
    case Channel::kSpo2:
      return {97.6 - 0.8 * severity - 1.6 * has(kCopd) + 0.6 * stay.ventilated, 1.4};
    case Channel::kCvp:
      return {9.5 + 1.2 * severity + 2.5 * has(kHeartFailure), 2.5};
    case Channel::kTemperature:
      return {98.3 + (infection ? 0.9 : 0.1) + 0.15 * severity - 0.012 * (age - 60) * !newborn,
              0.7};
    case Channel::kFio2:
      return {stay.ventilated ? 46 + 6 * severity : 32 + 3 * severity, 6};
    case Channel::kPeep:
      return {5.5 + 1.3 * severity, 1.2};
    case Channel::kTidalVolume:
      return {patient.male ? 520.0 : 430.0, 45};
    case Channel::kWeight:
      return {weight_kg, newborn ? 0.03 : 0.7};
    case Channel::kPain:
      return {2.2 + 1.0 * (unit == kCsru || unit == kTsicu || unit == kSicu) - 0.02 * (age - 60),
              1.9};
    case Channel::kAlarmLow:
      return {newborn ? 90.0 : 52.0, 4};
    case Channel::kAlarmHigh:
      return {newborn ? 190.0 : 122.0, 6};
    default:
      return channel <= Channel::kArterialMean ? blood_pressure(channel) : laboratory(channel);
  }
}

bool is_log_normal(Channel channel) {
  return channel >= Channel::kGlucose && channel <= Channel::kHaemoglobin;
}

double power_of_ten(int decimals) { return decimals == 0 ? 1.0 : decimals == 1 ? 10.0 : 100.0; }

std::int32_t scaled(double value, const ChartItem& item) {
  const double step = power_of_ten(item.decimals);
  return static_cast<std::int32_t>(std::lround(std::clamp(value, item.low, item.high) * step));
}

std::int32_t draw_number(StayModel& model, const ChartItem& item, Normals& normals) {
  const auto channel = static_cast<std::size_t>(item.channel);
  constexpr double kKeep = 0.8;  // autocorrelation from one record to the next
  model.wander[channel] = kKeep * model.wander[channel] + 0.6 * normals.next();
  const Level level = model.level(item.channel);
  const double value =
      level.mean + level.spread * (1.2 * model.baseline[channel] + model.wander[channel]);
  if (item.channel == Channel::kAlarmLow || item.channel == Channel::kAlarmHigh ||
      item.channel == Channel::kFio2) {
    return scaled(5 * std::round(value / 5), item);
  }
  return scaled(is_log_normal(item.channel) ? std::exp(value) : value, item);
}

/// Texts are ordered from well to ill: severity moves the choice along the list.
std::int32_t draw_text(const StayModel& model, const ChartItem& item, std::size_t habit,
                       Stream& stream) {
  const auto n = static_cast<double>(item.texts.size());
  if (item.label == "Heart Rhythm" && model.has(kFibrillation) && stream.uniform() < 0.7) return 4;
  const double habitual = static_cast<double>((habit * 2654435761u) % 1000) / 1000.0;
  const double tilt = 1.0 / (1.0 + std::exp(-(model.severity - 1.0 + 0.8 * model.stay.ventilated)));
  const double place =
      (0.55 * habitual * tilt + 0.45 * tilt * stream.uniform() + 0.25 * tilt * tilt) * n;
  return static_cast<std::int32_t>(std::min(place, n - 1));
}

std::int32_t draw_coma_scale(const StayModel& model, const ChartItem& item, Normals& normals) {
  const double neurological =
      model.stay.first_unit == kSicu || model.stay.first_unit == kTsicu ? 0.4 : 0.0;
  double place = 0.7 * model.severity + neurological + 0.9 * model.stay.ventilated - 0.6 +
                 0.7 * model.baseline[static_cast<std::size_t>(Channel::kGcsEye)] +
                 0.35 * normals.next();
  const auto worst = static_cast<double>(item.texts.size()) - 1;
  if (item.channel == Channel::kGcsVerbal && model.stay.ventilated && model.severity > -0.5)
    place = worst;
  return static_cast<std::int32_t>(std::clamp(std::round(place * worst / 3), 0.0, worst));
}

/// What one stay charts: an item, how often, and when first.
struct Plan {
  std::int16_t item;
  std::int32_t next, interval;  ///< minutes after the start of the stay
  float blank;                  ///< share of records without a value
};

std::vector<Plan> draw_plan(const StayModel& model, Stream& stream) {
  const ChartCatalogue& catalogue = chart_catalogue();
  const bool system = model.patient.metavision;
  const CareUnit unit = model.stay.first_unit;
  std::vector<Plan> plan;
  const double pace = model.severity > 1.2 ? 0.75 : 1.0;  // the very ill are looked at more often
  constexpr std::array<float, kCareUnits> kBlankTexts = {.05f, .04f, .03f, .02f, .06f, .01f};
  const auto add = [&](int index) {
    const ChartItem& item = catalogue.items[static_cast<std::size_t>(index)];
    const auto interval =
        static_cast<std::int32_t>(60 * item.every_hours * (item.every_hours > 1 ? pace : 1));
    const float blank =
        item.texts.empty() ? (system ? 0.002f : 0.03f) : kBlankTexts[unit] + (system ? 0.f : 0.03f);
    plan.push_back({static_cast<std::int16_t>(index),
                    static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(interval))),
                    interval, blank});
  };
  for (const int index : catalogue.core[system]) {
    const ChartItem& item = catalogue.items[static_cast<std::size_t>(index)];
    const bool breathing_machine =
        item.channel == Channel::kPeep || item.channel == Channel::kTidalVolume;
    if (breathing_machine && !model.stay.ventilated) continue;
    if (stream.uniform() < item.charted[unit]) add(index);
  }
  const auto& rare = catalogue.aspects[system];
  const int extra = 2 + static_cast<int>(stream.below(8)) + 4 * (unit == kTsicu || unit == kCsru);
  for (int i = 0; i < extra; ++i) {
    const double u = stream.uniform();
    add(rare[static_cast<std::size_t>(u * u * static_cast<double>(rare.size()))]);
  }
  return plan;
}

std::int32_t draw_value(StayModel& model, const ChartItem& item, std::int16_t index, Stream& stream,
                        Normals& normals) {
  switch (item.channel) {
    case Channel::kText:
    case Channel::kAspectText:
      return draw_text(model, item, static_cast<std::size_t>(index + 131 * model.patient.subject),
                       stream);
    case Channel::kGcsEye:
    case Channel::kGcsVerbal:
    case Channel::kGcsMotor:
      return draw_coma_scale(model, item, normals);
    case Channel::kAspectNumber: {
      const double place = 0.25 + 0.16 * normals.next() + 0.05 * model.severity;
      return scaled(item.low + (item.high - item.low) * std::abs(place), item);
    }
    default:
      return draw_number(model, item, normals);
  }
}

double severity_at(const StayModel& model, double days, double days_left) {
  const double start = model.admission.severity;
  if (model.dies) return start + 1.8 * std::exp(-days_left / 0.8);
  return -0.6 + (start + 0.6) * std::exp(-days / 4.0);
}

double draw_weight(const MockPatient& patient, bool newborn, Stream& stream) {
  if (newborn) return std::clamp(2.9 + 0.7 * stream.normal(), 0.6, 5.0);
  return std::clamp((patient.male ? 84 : 71) * std::exp(0.22 * stream.normal()), 32.0, 220.0);
}

}  // namespace

void draw_events(const MockPatient& patient, const MockAdmission& admission, std::size_t stay_index,
                 Stream& stream, std::vector<MockEvent>& events) {
  const MockStay& stay = admission.stays[stay_index];
  const bool newborn = admission.reason == &reasons()[kNewbornReason];
  StayModel model{patient,
                  admission,
                  stay,
                  admission.death != 0 && stay_index + 1 == admission.stays.size(),
                  newborn,
                  admission.reason->infection,
                  draw_weight(patient, newborn, stream)};
  for (double& deviation : model.baseline) deviation = stream.normal();
  model.severity = admission.severity;
  std::vector<Plan> plan = draw_plan(model, stream);
  Normals normals(stream);

  const auto start = static_cast<std::int32_t>(floor_div(stay.in + 59, 60));
  const auto minutes = static_cast<std::int32_t>(floor_div(stay.out, 60)) - start;
  const std::int32_t on_the_hour =
      (60 - start % 60) % 60;  // most records are made on the full hour
  const auto nurse_base = static_cast<std::uint16_t>(14000 + stream.below(6000));
  for (std::int32_t hour = 0; hour * 60 < minutes; ++hour) {
    model.severity = severity_at(model, hour / 24.0, (minutes - hour * 60) / 1440.0);
    const std::int32_t now = hour == 0 ? 0 : std::min(minutes - 1, (hour - 1) * 60 + on_the_hour);
    const auto nurse = static_cast<std::uint16_t>(nurse_base + hour / 12 % 5);
    const std::int32_t late =
        stream.uniform() < 0.85 ? 0 : static_cast<std::int32_t>(stream.below(30));
    const auto delay = static_cast<std::uint16_t>(2 + stream.below(55));
    for (Plan& item : plan) {
      if (item.next >= (hour + 1) * 60) continue;
      item.next += item.interval;
      const ChartItem& kind = chart_catalogue().items[static_cast<std::size_t>(item.item)];
      const std::int32_t value = draw_value(model, kind, item.item, stream, normals);
      const bool blank = stream.uniform() < item.blank;
      events.push_back({start + std::min(minutes - 1, now + late), item.item, delay, nurse,
                        blank ? kNoValue : value});
    }
  }
}

}  // namespace semblance::prepare
