#include "prepare/mock_hospital.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "base/turns.hpp"
#include "prepare/gzip_member.hpp"
#include "prepare/mock_tables.hpp"

namespace semblance::prepare {
namespace {

constexpr std::int64_t kPatientsPerBlock = 32;
constexpr std::size_t kMemberBytes = std::size_t{1} << 20;

/// One .csv.gz file under its temporary name. Pieces arrive in order.
class GzipTable {
 public:
  GzipTable(const std::filesystem::path& directory, MockTable table)
      : path_(directory / (std::string(mock_table_name(table)) + ".csv.gz")),
        out_(path_.temporary(), std::ios::binary) {
    if (!out_) base::fail_errno("create", path_.final_path().string());
    waiting_.append(mock_table_header(table)).push_back('\n');
  }
  /// Text to compress here; short pieces wait until they make a member.
  void add_text(std::string_view text) {
    waiting_ += text;
    if (waiting_.size() >= kMemberBytes) flush();
  }
  void add_members(std::string_view members) {
    flush();
    write(members);
  }
  void close() {
    flush();
    out_.close();
    if (!out_) base::fail_errno("write", path_.final_path().string());
  }
  void commit() { path_.commit(); }

 private:
  void flush() {
    if (waiting_.empty()) return;
    write(gzip_members(waiting_));
    waiting_.clear();
  }
  void write(std::string_view bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out_) base::fail_errno("write", path_.final_path().string());
  }
  base::PendingPath path_;
  std::ofstream out_;
  std::string waiting_;
};

void add_counters(MockCounters& total, const MockCounters& size) {
  for (int table = 0; table < kMockTables; ++table) total.rows[table] += size.rows[table];
  total.admissions += size.admissions;
  total.stays += size.stays;
}

void write_blocks(const MockHospitalOptions& options,
                  std::vector<std::unique_ptr<GzipTable>>& tables, MockCounters& total) {
  base::Progress progress("mock-hospital", options.patients, "patients");
  base::Turns numbering, writing;
  const std::int64_t n_blocks = (options.patients + kPatientsPerBlock - 1) / kPatientsPerBlock;
  base::parallel_for(n_blocks, options.threads, [&](std::int64_t b) {
    try {
      const std::int64_t first = b * kPatientsPerBlock + 1;
      const std::int64_t last = std::min(first + kPatientsPerBlock, options.patients + 1);
      const MockBlock block = draw_block(first, last, options.seed);
      MockCounters before;
      numbering.take(b, [&] {
        before = total;
        add_counters(total, block.size);
      });
      const MockTexts texts = block_texts(block, before);
      const std::string events = gzip_members(texts[kChartEvents]);
      writing.take(b, [&] {
        for (const MockTable table : {kAdmissions, kPatients, kIcuStays, kDiagnoses}) {
          tables[table]->add_text(texts[table]);
        }
        tables[kChartEvents]->add_members(events);
      });
      progress.advance(last - first);
    } catch (...) {
      numbering.fail(b);
      writing.fail(b);
      throw;
    }
  });
}

}  // namespace

void add_settings(base::SettingList& list, MockHospitalOptions& options) {
  list.add("patients", &options.patients, "number of patients");
}

void write_mock_hospital(const MockHospitalOptions& options) {
  SEMBLANCE_EXPECT(options.patients >= 1, kUsage, "--patients {}: at least 1 patient is needed",
                   options.patients);
  SEMBLANCE_EXPECT(!options.output.empty(), kUsage,
                   "--output is needed: the directory to write to");
  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  SEMBLANCE_EXPECT(!error, kIo, "cannot make directory '{}': {}", options.output, error.message());

  std::vector<std::unique_ptr<GzipTable>> tables;
  for (int table = 0; table < kMockTables; ++table) {
    tables.push_back(std::make_unique<GzipTable>(options.output, static_cast<MockTable>(table)));
  }
  MockCounters total;
  tables[kItems]->add_text(items_text());
  write_blocks(options, tables, total);
  for (const auto& table : tables) table->close();
  for (const auto& table : tables) table->commit();
  base::log_info("wrote {}: {} patients, {} admissions, {} ICU stays, {} chart events",
                 options.output, options.patients, total.admissions, total.stays,
                 total.rows[kChartEvents]);
}

}  // namespace semblance::prepare
