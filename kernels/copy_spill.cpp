#include "kernels/copy_spill.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace semblance::kernels {
namespace {

constexpr std::size_t kBufferWords = 1 << 13;  ///< of each part of a table: 64 KiB
constexpr std::int64_t kRowsAtOnce = 1 << 14;  ///< hashed and parted at a time
constexpr std::size_t kIndexBytesPerRow = 48;
constexpr int kMostParts = 400;  ///< of two tables: files that may be open at a time

/// Rows read back: their numbers, and their cells as columns.
struct Block {
  std::vector<std::int64_t> rows;
  std::vector<std::vector<std::int64_t>> columns;

  CellRows view() const {
    CellRows cells{static_cast<std::int64_t>(rows.size()), {}};
    for (const auto& column : columns) cells.columns.emplace_back(std::span(column));
    return cells;
  }
};

}  // namespace

/// One table's files. A record is the row's number and the canonical words of its cells.
class SpilledCopies::Table {
 public:
  Table(const SpillOptions& options, const std::string& name) {
    for (int part = 0; part < options.n_parts; ++part) {
      File& file = files_.emplace_back();
      file.path = options.directory / (name + "-" + std::to_string(part) + ".spill");
      file.out.open(file.path, std::ios::binary | std::ios::trunc);
      SEMBLANCE_EXPECT(file.out.good(), kIo, "cannot write {}; is there room and permission?",
                       file.path.string());
    }
  }
  ~Table() {
    for (File& file : files_) {
      file.out.close();
      std::error_code ignored;
      std::filesystem::remove(file.path, ignored);
    }
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The number of the next row.
  std::int64_t next_row() { return n_rows_++; }

  void put(int part, std::span<const std::int64_t> record) {
    File& file = files_[static_cast<std::size_t>(part)];
    file.buffer.insert(file.buffer.end(), record.begin(), record.end());
    if (file.buffer.size() >= kBufferWords) write(file);
  }

  /// Ends writing; makes the files ready to be read.
  void finish() {
    for (File& file : files_) {
      write(file);
      file.out.close();
      SEMBLANCE_EXPECT(!file.out.fail(), kIo, "cannot write {}: is the disk full?",
                       file.path.string());
    }
  }

  /// Opens a part at its start.
  std::ifstream open(int part) const {
    const auto& path = files_[static_cast<std::size_t>(part)].path;
    std::ifstream in(path, std::ios::binary);
    SEMBLANCE_EXPECT(in.good(), kIo, "cannot read {}", path.string());
    return in;
  }

 private:
  struct File {
    std::filesystem::path path;
    std::ofstream out;
    std::vector<std::int64_t> buffer;
  };
  static void write(File& file) {
    file.out.write(reinterpret_cast<const char*>(file.buffer.data()),
                   static_cast<std::streamsize>(file.buffer.size() * sizeof(std::int64_t)));
    SEMBLANCE_EXPECT(file.out.good(), kIo, "cannot write {}: is the disk full?",
                     file.path.string());
    file.buffer.clear();
  }

  std::vector<File> files_;
  std::int64_t n_rows_ = 0;
};

namespace {

/// The next rows of a part, at most so many; none at its end.
Block read_block(std::ifstream& in, std::size_t n_columns, std::size_t most_rows) {
  Block block;
  block.columns.resize(n_columns);
  const std::size_t width = n_columns + 1, at_once = std::max<std::size_t>(1, (1 << 16) / width);
  std::vector<std::int64_t> records(at_once * width);
  while (block.rows.size() < most_rows) {
    const std::size_t wanted = std::min(at_once, most_rows - block.rows.size());
    in.read(reinterpret_cast<char*>(records.data()),
            static_cast<std::streamsize>(wanted * width * sizeof(std::int64_t)));
    const std::size_t got = static_cast<std::size_t>(in.gcount()) / (width * sizeof(std::int64_t));
    for (std::size_t i = 0; i < got; ++i) {
      block.rows.push_back(records[i * width]);
      for (std::size_t c = 0; c < n_columns; ++c)
        block.columns[c].push_back(records[i * width + 1 + c]);
    }
    if (got < wanted) break;
  }
  return block;
}

}  // namespace

SpilledCopies::SpilledCopies(SpillOptions options) : options_(std::move(options)) {
  SEMBLANCE_EXPECT(options_.n_parts >= 1 && options_.n_parts <= kMostParts, kUsage,
                   "SpilledCopies: {} parts; 1 to {} are possible", options_.n_parts, kMostParts);
  references_ = std::make_unique<Table>(options_, "references");
  queries_ = std::make_unique<Table>(options_, "queries");
}

SpilledCopies::~SpilledCopies() = default;

void SpilledCopies::add_references(const CellRows& chunk) { add(*references_, chunk); }
void SpilledCopies::add_queries(const CellRows& chunk) { add(*queries_, chunk); }

void SpilledCopies::add(Table& table, const CellRows& chunk) {
  std::vector<std::size_t> types;
  for (const CellColumn& column : chunk.columns) types.push_back(column.index());
  SEMBLANCE_EXPECT(!has_types_ || types == types_, kUsage,
                   "SpilledCopies: a chunk has other columns than the chunks before it");
  types_ = types;
  has_types_ = true;
  const std::size_t width = types.size() + 1;
  std::vector<std::int64_t> records, words(static_cast<std::size_t>(kRowsAtOnce));
  std::vector<RowHash> hashes;
  for (std::int64_t first = 0; first < chunk.n_rows; first += kRowsAtOnce) {
    const auto n = static_cast<std::size_t>(std::min(kRowsAtOnce, chunk.n_rows - first));
    hashes.resize(n);
    hash_rows(chunk, first, hashes);
    records.resize(n * width);
    for (std::size_t c = 0; c < types.size(); ++c) {
      canonical_words(chunk.columns[c], first, std::span(words).first(n));
      for (std::size_t i = 0; i < n; ++i) records[i * width + 1 + c] = words[i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      records[i * width] = table.next_row();
      table.put(share_of(hashes[i], options_.n_parts),
                std::span(records).subspan(i * width, width));
    }
  }
}

void SpilledCopies::find(
    const std::function<void(std::int64_t query, std::int64_t reference)>& found) {
  references_->finish();
  queries_->finish();
  for (int part = 0; part < options_.n_parts; ++part) find_in_part(part, found);
}

/// References come in blocks of ascending rows, so that the first block that has a query's equal
/// has the smallest.
void SpilledCopies::find_in_part(
    int part, const std::function<void(std::int64_t query, std::int64_t reference)>& found) {
  const std::size_t row_bytes = (types_.size() + 1) * sizeof(std::int64_t);
  const std::size_t block_rows =
      std::max<std::size_t>(1, options_.memory_bytes / (2 * row_bytes + kIndexBytesPerRow));
  std::vector<bool> done;  // [queries of the part]
  std::ifstream references = references_->open(part);
  while (true) {
    const Block block = read_block(references, types_.size(), block_rows);
    if (block.rows.empty()) return;
    const CopyIndex index(block.view(), options_.threads, 0, 1, nullptr, options_.hash_bits);
    std::ifstream queries = queries_->open(part);
    for (std::size_t first = 0;;) {
      const Block asked = read_block(queries, types_.size(), block_rows);
      if (asked.rows.empty()) break;
      if (done.size() < first + asked.rows.size()) done.resize(first + asked.rows.size());
      const std::vector<std::int64_t> equal = index.find(asked.view(), options_.threads);
      for (std::size_t i = 0; i < equal.size(); ++i) {
        if (equal[i] < 0 || done[first + i]) continue;
        done[first + i] = true;
        found(asked.rows[i], block.rows[static_cast<std::size_t>(equal[i])]);
      }
      first += asked.rows.size();
    }
  }
}

}  // namespace semblance::kernels
