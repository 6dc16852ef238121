/// The text of the mock hospital's tables: MIMIC-III v1.4's columns, upper-case headers and
/// quoting.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/mock_chart.hpp"
#include "prepare/mock_patient.hpp"

namespace semblance::prepare {

/// The six tables, in the order of MockTexts.
enum MockTable : int { kAdmissions, kPatients, kIcuStays, kDiagnoses, kChartEvents, kItems };
inline constexpr int kMockTables = 6;  ///< length of arrays by table
/// The file's name without ending: "ADMISSIONS".
std::string_view mock_table_name(MockTable table);
std::string_view mock_table_header(MockTable table);  ///< the first line, without its end

/// Numbers of the last rows written: ROW_IDs, HADM_ID and ICUSTAY_ID go on from here.
struct MockCounters {
  std::int64_t rows[kMockTables] = {};     ///< last ROW_ID of each table
  std::int64_t admissions = 0, stays = 0;  ///< HADM_ID and ICUSTAY_ID count from these
};

/// Some patients in full: everything but the running numbers.
struct MockBlock {
  std::vector<MockPatient> patients;        ///< subjects first to last
  std::vector<MockEvent> events;            ///< of all stays, in order
  std::vector<std::size_t> events_of_stay;  ///< number of events of each stay, in order
  MockCounters size;                        ///< rows, admissions and stays in here
};

/// Patients [first_subject, last_subject), each from the Philox stream of his own number: blocks
/// may be drawn in any order.
MockBlock draw_block(std::int64_t first_subject, std::int64_t last_subject, std::uint64_t seed);

/// One piece of CSV a table, by MockTable.
using MockTexts = std::array<std::string, kMockTables>;
/// The rows of a block, numbered from `before` on; D_ITEMS stays empty.
MockTexts block_texts(const MockBlock& block, const MockCounters& before);
/// The rows of D_ITEMS, the same for every hospital.
std::string items_text();

}  // namespace semblance::prepare
