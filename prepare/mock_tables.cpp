#include "prepare/mock_tables.hpp"

#include <fmt/format.h>

#include <charconv>

#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

constexpr std::int64_t kFirstAdmissionId = 1'000'000, kFirstStayId = 2'000'000;

/// One comma-separated record after the other.
class Rows {
 public:
  explicit Rows(std::string& out) : out_(out) {}
  Rows& number(std::int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value);
    out_.append(digits, static_cast<std::size_t>(end.ptr - digits));
    return comma();
  }
  /// `value` / 10^decimals without trailing zeros.
  Rows& scaled(std::int64_t value, int decimals) {
    append_scaled(value, decimals);
    return comma();
  }
  Rows& quoted_scaled(std::int64_t value, int decimals) {
    out_.push_back('"');
    append_scaled(value, decimals);
    out_.push_back('"');
    return comma();
  }
  Rows& text(std::string_view value) {
    if (!value.empty()) {
      out_.push_back('"');
      for (const char c : value) {
        if (c == '"') out_.push_back('"');
        out_.push_back(c);
      }
      out_.push_back('"');
    }
    return comma();
  }
  Rows& time(std::int64_t seconds) {
    if (seconds != 0) append_datetime(out_, seconds);
    return comma();
  }
  Rows& raw(std::string_view value) {
    out_.append(value);
    return comma();
  }
  void end() { out_.back() = '\n'; }

 private:
  Rows& comma() {
    out_.push_back(',');
    return *this;
  }
  void append_scaled(std::int64_t value, int decimals) {
    if (value < 0) {
      out_.push_back('-');
      value = -value;
    }
    const std::int64_t step = decimals == 0 ? 1 : decimals == 1 ? 10 : 100;
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value / step);
    out_.append(digits, static_cast<std::size_t>(end.ptr - digits));
    if (value % step != 0)
      out_.append(1, '.').append(1, static_cast<char>('0' + value % step * 10 / step));
  }
  std::string& out_;
};

/// "2101-03-09 17:05:00" of a time that moves little from call to call.
class TimeText {
 public:
  std::string_view of_minute(std::int64_t minute) {
    if (minute != minute_) {
      text_.clear();
      append_datetime(text_, minute * 60);
      minute_ = minute;
    }
    return text_;
  }

 private:
  std::int64_t minute_ = -1;
  std::string text_;
};

void write_admission(Rows rows, std::int64_t row, std::int64_t id, const MockPatient& patient,
                     const MockAdmission& admission, bool has_events) {
  rows.number(row).number(patient.subject).number(id);
  rows.time(admission.admit).time(admission.discharge).time(admission.death);
  rows.text(admission.type).text(admission.from).text(admission.to).text(admission.insurance);
  rows.text(admission.language)
      .text(admission.religion)
      .text(admission.marital)
      .text(patient.ethnicity);
  rows.time(admission.ed_in).time(admission.ed_out).text(admission.diagnosis);
  rows.number(admission.death != 0).number(has_events).end();
}

void write_patient(Rows rows, std::int64_t row, const MockPatient& patient) {
  rows.number(row).number(patient.subject).text(patient.male ? "M" : "F").time(patient.dob);
  rows.time(patient.dod).time(patient.dod_hospital).time(patient.dod_register);
  rows.number(patient.dod != 0).end();
}

void write_stay(Rows rows, std::int64_t row, std::int64_t subject, std::int64_t admission,
                std::int64_t id, bool metavision, const MockStay& stay) {
  rows.number(row).number(subject).number(admission).number(id);
  rows.text(metavision ? "metavision" : "carevue");
  rows.text(care_unit_name(stay.first_unit)).text(care_unit_name(stay.last_unit));
  rows.number(stay.first_ward).number(stay.last_ward).time(stay.in).time(stay.out);
  rows.raw(fmt::format("{:.4f}", static_cast<double>(stay.out - stay.in) / kSecondsPerDay)).end();
}

struct StayKeys {
  std::int64_t subject, admission, stay;
};

void write_value(Rows& rows, const ChartItem& item, std::int32_t value) {
  if (value == kNoValue) {
    rows.raw("").raw("");
  } else if (item.texts.empty()) {
    rows.quoted_scaled(value, item.decimals).scaled(value, item.decimals);
  } else {
    rows.text(item.texts[static_cast<std::size_t>(value)]);
    const bool graded = item.channel == Channel::kGcsEye || item.channel == Channel::kGcsVerbal ||
                        item.channel == Channel::kGcsMotor;
    if (graded) {
      rows.number(static_cast<std::int64_t>(item.texts.size()) - value);
    } else {
      rows.raw("");
    }
  }
}

void write_events(std::string& out, std::int64_t row, const StayKeys& keys,
                  std::span<const MockEvent> events) {
  Rows rows(out);
  std::string prefix;
  Rows(prefix).number(keys.subject).number(keys.admission).number(keys.stay);
  prefix.pop_back();
  TimeText charted, stored;
  for (const MockEvent& event : events) {
    const ChartItem& item = chart_catalogue().items[static_cast<std::size_t>(event.item)];
    rows.number(row++).raw(prefix).number(item.item_id);
    rows.raw(charted.of_minute(event.minute)).raw(stored.of_minute(event.minute + event.delay));
    rows.number(event.nurse);
    write_value(rows, item, event.value);
    rows.text(item.unit);
    if (item.metavision) {
      rows.raw("0,0,,").end();
    } else {
      rows.raw(",,,\"NotStopd\"").end();
    }
  }
}

}  // namespace

std::string_view mock_table_name(MockTable table) {
  constexpr std::string_view kNames[kMockTables] = {"ADMISSIONS",    "PATIENTS",    "ICUSTAYS",
                                                    "DIAGNOSES_ICD", "CHARTEVENTS", "D_ITEMS"};
  return kNames[table];
}

std::string_view mock_table_header(MockTable table) {
  constexpr std::string_view kHeaders[kMockTables] = {
      R"("ROW_ID","SUBJECT_ID","HADM_ID","ADMITTIME","DISCHTIME","DEATHTIME","ADMISSION_TYPE","ADMISSION_LOCATION","DISCHARGE_LOCATION","INSURANCE","LANGUAGE","RELIGION","MARITAL_STATUS","ETHNICITY","EDREGTIME","EDOUTTIME","DIAGNOSIS","HOSPITAL_EXPIRE_FLAG","HAS_CHARTEVENTS_DATA")",
      R"("ROW_ID","SUBJECT_ID","GENDER","DOB","DOD","DOD_HOSP","DOD_SSN","EXPIRE_FLAG")",
      R"("ROW_ID","SUBJECT_ID","HADM_ID","ICUSTAY_ID","DBSOURCE","FIRST_CAREUNIT","LAST_CAREUNIT","FIRST_WARDID","LAST_WARDID","INTIME","OUTTIME","LOS")",
      R"("ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE")",
      R"("ROW_ID","SUBJECT_ID","HADM_ID","ICUSTAY_ID","ITEMID","CHARTTIME","STORETIME","CGID","VALUE","VALUENUM","VALUEUOM","WARNING","ERROR","RESULTSTATUS","STOPPED")",
      R"("ROW_ID","ITEMID","LABEL","ABBREVIATION","DBSOURCE","LINKSTO","CATEGORY","UNITNAME","PARAM_TYPE","CONCEPTID")"};
  return kHeaders[table];
}

MockBlock draw_block(std::int64_t first_subject, std::int64_t last_subject, std::uint64_t seed) {
  MockBlock block;
  for (std::int64_t subject = first_subject; subject < last_subject; ++subject) {
    base::PhiloxStream stream(seed, base::Purpose::kMockHospital,
                              static_cast<std::uint64_t>(subject));
    MockPatient patient = draw_patient(subject, stream);
    ++block.size.rows[kPatients];
    for (const MockAdmission& admission : patient.admissions) {
      ++block.size.admissions;
      block.size.rows[kDiagnoses] += static_cast<std::int64_t>(admission.codes.size());
      for (std::size_t stay = 0; stay < admission.stays.size(); ++stay) {
        const std::size_t before = block.events.size();
        draw_events(patient, admission, stay, stream, block.events);
        block.events_of_stay.push_back(block.events.size() - before);
        ++block.size.stays;
      }
    }
    block.patients.push_back(std::move(patient));
  }
  block.size.rows[kAdmissions] = block.size.admissions;
  block.size.rows[kIcuStays] = block.size.stays;
  block.size.rows[kChartEvents] = static_cast<std::int64_t>(block.events.size());
  return block;
}

MockTexts block_texts(const MockBlock& block, const MockCounters& before) {
  MockTexts texts;
  texts[kChartEvents].reserve(block.events.size() * 125);
  MockCounters now = before;
  std::size_t first_event = 0, stay_number = 0;
  for (const MockPatient& patient : block.patients) {
    write_patient(Rows(texts[kPatients]), ++now.rows[kPatients], patient);
    for (const MockAdmission& admission : patient.admissions) {
      const std::int64_t admission_id = kFirstAdmissionId + ++now.admissions;
      bool has_events = false;
      for (const MockStay& stay : admission.stays) {
        const std::int64_t stay_id = kFirstStayId + ++now.stays;
        write_stay(Rows(texts[kIcuStays]), ++now.rows[kIcuStays], patient.subject, admission_id,
                   stay_id, patient.metavision, stay);
        const std::size_t n = block.events_of_stay[stay_number++];
        write_events(texts[kChartEvents], now.rows[kChartEvents] + 1,
                     {patient.subject, admission_id, stay_id},
                     std::span(block.events).subspan(first_event, n));
        now.rows[kChartEvents] += static_cast<std::int64_t>(n);
        first_event += n;
        has_events |= n > 0;
      }
      write_admission(Rows(texts[kAdmissions]), ++now.rows[kAdmissions], admission_id, patient,
                      admission, has_events);
      std::int64_t sequence = 0;
      for (const std::string_view code : admission.codes) {
        Rows(texts[kDiagnoses])
            .number(++now.rows[kDiagnoses])
            .number(patient.subject)
            .number(admission_id)
            .number(++sequence)
            .text(code)
            .end();
      }
    }
  }
  return texts;
}

std::string items_text() {
  std::string text;
  std::int64_t row = 0;
  for (const ChartItem& item : chart_catalogue().items) {
    Rows(text)
        .number(++row)
        .number(item.item_id)
        .text(item.label)
        .text(item.abbreviation)
        .text(item.metavision ? "metavision" : "carevue")
        .text("chartevents")
        .text(item.category)
        .text(item.metavision ? item.unit : "")
        .text(item.param_type)
        .raw("")
        .end();
  }
  return text;
}

}  // namespace semblance::prepare
