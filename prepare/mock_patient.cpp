#include "prepare/mock_patient.hpp"

#include <algorithm>
#include <cmath>

#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

using Stream = base::PhiloxStream;

constexpr double kHour = 3600, kDay = 86400, kDaysPerYear = 365.2425;
constexpr double kOldestShownAge = 89;  // MIMIC-III hides the age of older people
constexpr int kHiddenAgeShiftYears = 300;

constexpr Weighted kEthnicity[] = {{"WHITE", 69},
                                   {"BLACK/AFRICAN AMERICAN", 9},
                                   {"UNKNOWN/NOT SPECIFIED", 8},
                                   {"HISPANIC OR LATINO", 4},
                                   {"OTHER", 3},
                                   {"ASIAN", 3},
                                   {"UNABLE TO OBTAIN", 1.5},
                                   {"PATIENT DECLINED TO ANSWER", 1},
                                   {"ASIAN - CHINESE", 0.6},
                                   {"HISPANIC/LATINO - PUERTO RICAN", 0.5},
                                   {"BLACK/CAPE VERDEAN", 0.4},
                                   {"WHITE - RUSSIAN", 0.3},
                                   {"MULTI RACE ETHNICITY", 0.3}};
constexpr Weighted kLanguage[] = {{"ENGL", 88}, {"SPAN", 4}, {"RUSS", 3},
                                  {"PTUN", 2},  {"CANT", 1}, {"PORT", 1}};
constexpr Weighted kReligion[] = {
    {"CATHOLIC", 38}, {"NOT SPECIFIED", 20}, {"UNOBTAINABLE", 14}, {"PROTESTANT QUAKER", 13},
    {"JEWISH", 9},    {"OTHER", 5},          {"MUSLIM", 1}};
constexpr Weighted kYoungMarital[] = {
    {"SINGLE", 60}, {"MARRIED", 32}, {"DIVORCED", 6}, {"SEPARATED", 2}};
constexpr Weighted kMiddleMarital[] = {
    {"MARRIED", 60}, {"SINGLE", 22}, {"DIVORCED", 12}, {"WIDOWED", 4}, {"SEPARATED", 2}};
constexpr Weighted kOldMarital[] = {
    {"MARRIED", 48}, {"WIDOWED", 36}, {"SINGLE", 10}, {"DIVORCED", 6}};
constexpr Weighted kYoungInsurance[] = {
    {"Private", 62}, {"Medicaid", 24}, {"Government", 8}, {"Self Pay", 6}};
constexpr Weighted kOldInsurance[] = {{"Medicare", 88}, {"Private", 10}, {"Medicaid", 2}};
constexpr Weighted kEmergencyFrom[] = {{"EMERGENCY ROOM ADMIT", 62},
                                       {"TRANSFER FROM HOSP/EXTRAM", 22},
                                       {"CLINIC REFERRAL/PREMATURE", 14},
                                       {"TRANSFER FROM SKILLED NUR", 2}};

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

std::int64_t after(std::int64_t time, double seconds) {
  return time + static_cast<std::int64_t>(seconds);
}
/// Seconds are recorded only for unit transfers, as in MIMIC-III.
std::int64_t whole_minutes(std::int64_t time) { return floor_div(time, 60) * 60; }

double log_normal(Stream& stream, double median, double sigma) {
  return median * std::exp(sigma * stream.normal());
}

int choose_index(Stream& stream, std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = stream.uniform() * total;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (left < weights[i]) return static_cast<int>(i);
    left -= weights[i];
  }
  return static_cast<int>(weights.size()) - 1;
}

/// A day of the year by rejection against 1 + winter * cos(distance from mid-January), and for
/// planned admissions not on a weekend.
std::int64_t admission_day(Stream& stream, std::int64_t year_start, double winter, bool planned) {
  constexpr double kTwoPi = 6.283185307179586;
  for (;;) {
    const double day = stream.uniform() * 365;
    const double height = 1 + winter * std::cos(kTwoPi * (day - 15) / 365);
    const std::int64_t days = year_start + static_cast<std::int64_t>(day);
    const double weekday = planned && iso_weekday(days) >= 6 ? 0.08 : 1.0;
    if (stream.uniform() * (1 + std::abs(winter)) < height * weekday) return days;
  }
}

std::int64_t time_of_day(Stream& stream, bool planned) {
  const double hour =
      planned ? 7.5 + 1.2 * std::abs(stream.normal()) : 17.5 + 5.5 * stream.normal();
  const double wrapped = hour - 24 * std::floor(hour / 24);
  return static_cast<std::int64_t>(wrapped * 60) * 60;
}

const Reason& draw_reason(Stream& stream, double age) {
  std::array<double, 32> weights{};
  const auto all = reasons();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double distance = (age - all[i].age_mean) / all[i].age_spread;
    weights[i] = static_cast<int>(i) == kNewbornReason
                     ? 0
                     : all[i].weight * std::exp(-0.5 * distance * distance);
  }
  return all[static_cast<std::size_t>(choose_index(stream, std::span(weights).first(all.size())))];
}

void draw_stays(Stream& stream, MockAdmission& admission) {
  const Reason& reason = *admission.reason;
  const bool planned = admission.type == "ELECTIVE";
  std::int64_t from = after(admission.admit, planned ? kHour * (3 + 6 * stream.uniform())
                                                     : log_normal(stream, 0.6 * kHour, 1.6));
  const int n = 1 + (stream.uniform() < 0.08 + 0.03 * std::max(0.0, admission.severity)) +
                (stream.uniform() < 0.015);
  for (int i = 0; i < n; ++i) {
    MockStay stay;
    stay.first_unit = static_cast<CareUnit>(choose_index(stream, reason.units));
    stay.last_unit = stream.uniform() < 0.94 || reason.units[kNicu] > 0
                         ? stay.first_unit
                         : static_cast<CareUnit>(choose_index(stream, reason.units));
    constexpr int kFirstWard[kCareUnits] = {50, 33, 7, 14, 23, 56};
    stay.first_ward = kFirstWard[stay.first_unit] + static_cast<int>(stream.below(3)) % 2;
    stay.last_ward =
        stay.last_unit == stay.first_unit ? stay.first_ward : kFirstWard[stay.last_unit];
    stay.ventilated =
        stream.uniform() <
        logistic(std::log(reason.ventilated / (1 - reason.ventilated)) + 0.8 * admission.severity);
    const double days = log_normal(
        stream, reason.stay_days * std::exp(0.28 * admission.severity + 0.35 * stay.ventilated),
        0.75);
    stay.in = from;
    stay.out = after(from, kDay * std::clamp(days, 0.15, 90.0));
    admission.stays.push_back(stay);
    from = after(stay.out, log_normal(stream, 2.0 * kDay, 0.8));
  }
}

void draw_outcome(Stream& stream, const MockPatient& patient, MockAdmission& admission) {
  const Reason& reason = *admission.reason;
  const double logit = reason.death_logit + 0.9 * admission.severity +
                       0.032 * (admission.age - 65) +
                       0.25 * static_cast<double>(patient.chronic.count()) - 0.3;
  const bool newborn = &reason == &reasons()[kNewbornReason];
  const bool dies = stream.uniform() < (newborn ? 0.012 : logistic(logit));
  const std::int64_t last_out = admission.stays.back().out;
  if (dies) {
    const bool in_unit = stream.uniform() < 0.75;
    admission.death =
        whole_minutes(in_unit ? last_out : after(last_out, log_normal(stream, 2 * kDay, 0.9)) + 60);
    if (in_unit) admission.stays.back().out = admission.death;
    admission.discharge = admission.death;
    admission.to = "DEAD/EXPIRED";
    return;
  }
  admission.discharge = whole_minutes(after(last_out, log_normal(stream, 3.2 * kDay, 0.8)) + 60);
  const double need = logistic(-1.2 + 0.05 * (admission.age - 65) + 0.5 * admission.severity);
  const double leaving = stream.uniform();
  if (newborn || leaving < 0.85 * (1 - need)) {
    admission.to = stream.uniform() < 0.55 || newborn ? "HOME" : "HOME HEALTH CARE";
  } else {
    constexpr Weighted kCare[] = {{"SNF", 45},
                                  {"REHAB/DISTINCT PART HOSP", 35},
                                  {"LONG TERM CARE HOSPITAL", 10},
                                  {"SHORT TERM HOSPITAL", 5},
                                  {"HOSPICE-HOME", 5}};
    admission.to = choose(stream, kCare);
  }
}

void draw_codes(Stream& stream, const MockPatient& patient, MockAdmission& admission) {
  const Reason& reason = *admission.reason;
  admission.codes.push_back(reason.codes[0]);
  if (reason.codes.size() > 2 && stream.uniform() < 0.25) admission.codes[0] = reason.codes[1];
  const auto add = [&](std::string_view code) {
    if (std::find(admission.codes.begin(), admission.codes.end(), code) == admission.codes.end()) {
      admission.codes.push_back(code);
    }
  };
  for (const std::string_view code : reason.codes.subspan(1)) {
    if (stream.uniform() < 0.4 + 0.1 * std::clamp(admission.severity, -1.0, 2.0)) add(code);
  }
  for (int kind = 0; kind < kChronicKinds; ++kind) {
    if (patient.chronic[static_cast<std::size_t>(kind)] && stream.uniform() < 0.9) {
      add(chronic_conditions()[static_cast<std::size_t>(kind)].code);
    }
  }
  if (&reason == &reasons()[kNewbornReason]) return;
  const auto others = secondary_codes();
  const double wanted = 2 + 3.5 * std::exp(0.3 * stream.normal() + 0.02 * (admission.age - 65));
  for (int i = 0; i < static_cast<int>(wanted); ++i) {
    const double u = stream.uniform();  // squared: the first codes are the common ones
    add(others[static_cast<std::size_t>(u * u * static_cast<double>(others.size()))]);
  }
}

void draw_person_fields(Stream& stream, MockAdmission& admission) {
  const bool emergency = admission.type == "EMERGENCY";
  const double age = admission.age;
  admission.insurance = age >= 65 ? choose(stream, kOldInsurance) : choose(stream, kYoungInsurance);
  if (stream.uniform() > (emergency ? 0.48 : 0.30)) admission.language = choose(stream, kLanguage);
  if (stream.uniform() > 0.01) admission.religion = choose(stream, kReligion);
  if (age < 1) return;  // no marital status for a newborn
  if (stream.uniform() > (emergency ? 0.10 : 0.03)) {
    admission.marital = age < 35   ? choose(stream, kYoungMarital)
                        : age < 70 ? choose(stream, kMiddleMarital)
                                   : choose(stream, kOldMarital);
  }
}

MockAdmission draw_admission(Stream& stream, const MockPatient& patient, const Reason& reason,
                             std::int64_t not_before, double frailty, std::int64_t real_dob) {
  MockAdmission admission;
  admission.reason = &reason;
  const bool newborn = &reason == &reasons()[kNewbornReason];
  const bool planned = stream.uniform() < reason.elective;
  admission.type = newborn                    ? "NEWBORN"
                   : planned                  ? "ELECTIVE"
                   : stream.uniform() < 0.035 ? "URGENT"
                                              : "EMERGENCY";
  const std::int64_t days = floor_div(not_before, kSecondsPerDay);
  const std::int64_t year_start = days_from_civil(civil_from_days(days).year, 1, 1);
  admission.admit =
      newborn ? real_dob + time_of_day(stream, false)
              : admission_day(stream, year_start, reason.winter, planned) * kSecondsPerDay +
                    time_of_day(stream, planned);
  while (admission.admit < not_before) admission.admit += 364 * kSecondsPerDay;  // the same weekday
  admission.age =
      std::max(0.0, static_cast<double>(admission.admit - real_dob) / (kDaysPerYear * kDay));
  admission.severity = reason.severity + 0.35 * frailty + 0.8 * stream.normal();
  admission.from =
      newborn || planned ? "PHYS REFERRAL/NORMAL DELI" : choose(stream, kEmergencyFrom);
  admission.diagnosis = reason.diagnoses[stream.below(reason.diagnoses.size())];
  if (admission.from == "EMERGENCY ROOM ADMIT") {
    admission.ed_in = whole_minutes(
        after(admission.admit, -std::min(20 * kHour, log_normal(stream, 4.5 * kHour, 0.6))));
    admission.ed_out = whole_minutes(after(admission.admit, log_normal(stream, 1.2 * kHour, 0.7)));
  }
  draw_person_fields(stream, admission);
  draw_stays(stream, admission);
  draw_outcome(stream, patient, admission);
  draw_codes(stream, patient, admission);
  return admission;
}

void draw_death_after_discharge(Stream& stream, MockPatient& patient, double frailty) {
  const MockAdmission& last = patient.admissions.back();
  if (last.death != 0) {
    patient.dod_hospital = floor_div(last.death, kSecondsPerDay) * kSecondsPerDay;
    patient.dod = patient.dod_hospital;
    if (stream.uniform() < 0.8) patient.dod_register = patient.dod;
  } else if (stream.uniform() < logistic(-2.2 + 0.05 * (last.age - 65) + 0.6 * frailty)) {
    const std::int64_t death =
        after(last.discharge, kDay * (1 - std::log1p(-stream.uniform()) * 500));
    patient.dod = patient.dod_register = floor_div(death, kSecondsPerDay) * kSecondsPerDay;
  }
}

}  // namespace

std::string_view choose(Stream& stream, std::span<const Weighted> list) {
  double total = 0;
  for (const Weighted& item : list) total += item.weight;
  double left = stream.uniform() * total;
  for (const Weighted& item : list.first(list.size() - 1)) {
    if (left < item.weight) return item.text;
    left -= item.weight;
  }
  return list.back().text;
}

MockPatient draw_patient(std::int64_t subject, Stream& stream) {
  MockPatient patient;
  patient.subject = subject;
  patient.male = stream.uniform() < 0.56;
  patient.metavision = stream.uniform() < 0.45;
  patient.ethnicity = choose(stream, kEthnicity);
  const bool newborn = stream.uniform() < 0.08;
  double age = newborn ? 0 : 64 + 17.5 * stream.normal() + (patient.male ? -1.5 : 2.0);
  if (!newborn && (age < 16 || age > 101)) age = 16 + 85 * stream.uniform();
  const double frailty = stream.normal() + 0.02 * (age - 65);
  for (std::size_t kind = 0; kind < kChronicKinds && !newborn; ++kind) {
    const Chronic& chronic = chronic_conditions()[kind];
    const double logit =
        chronic.logit_at_65 + chronic.logit_a_decade * (age - 65) / 10 + 0.4 * frailty;
    patient.chronic[kind] = stream.uniform() < logistic(logit);
  }

  // Whole years are shifted into 2100-2200; season and weekday stay meaningful.
  const auto year = static_cast<std::int64_t>(2100 + stream.below(95));
  const std::int64_t start = days_from_civil(year, 1, 1) * kSecondsPerDay;
  const std::int64_t first_day =
      start + static_cast<std::int64_t>(stream.below(365)) * kSecondsPerDay;
  std::int64_t dob =
      floor_div(after(first_day, -age * kDaysPerYear * kDay), kSecondsPerDay) * kSecondsPerDay;

  std::int64_t not_before = start;
  do {
    const Reason& reason = newborn && patient.admissions.empty() ? reasons()[kNewbornReason]
                                                                 : draw_reason(stream, age);
    patient.admissions.push_back(
        draw_admission(stream, patient, reason, std::max(not_before, dob), frailty, dob));
    not_before = after(patient.admissions.back().discharge,
                       kDay * (1 + 400 * -std::log1p(-stream.uniform())));
  } while (!newborn && patient.admissions.back().death == 0 && patient.admissions.size() < 12 &&
           stream.uniform() < logistic(-1.6 + 0.5 * frailty));
  draw_death_after_discharge(stream, patient, frailty);

  const MockAdmission& first = patient.admissions.front();
  if (first.age > kOldestShownAge) {
    dob = add_years(floor_div(first.admit, kSecondsPerDay), -kHiddenAgeShiftYears) * kSecondsPerDay;
  }
  patient.dob = dob;
  return patient;
}

}  // namespace semblance::prepare
