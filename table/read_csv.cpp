#include <algorithm>
#include <mutex>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "table/csv_scanner.hpp"
#include "table/detail/column_builder.hpp"
#include "table/detail/loaded_table.hpp"

namespace semblance::table::detail {
namespace {

constexpr std::int64_t kSampleRows = 4'000;  // a first guess, which all rows then confirm or not

/// All pieces of a file: [block][column of interest].
struct Pieces {
  std::vector<std::vector<ColumnPiece>> blocks;
  std::vector<std::int64_t> first_rows;
  std::int64_t n_rows = 0;
};

class CsvLoader {
 public:
  CsvLoader(const std::string& path, const ReadOptions& options) : path_(path), options_(options) {
    std::vector<std::string> markers = default_missing_markers();
    if (options.metadata != nullptr && !options.metadata->missing_markers.empty())
      markers = options.metadata->missing_markers;
    if (options.schema != nullptr && !options.schema->missing_markers.empty())
      markers = options.schema->missing_markers;
    markers_ = std::make_unique<MissingMarkers>(markers);
    loaded_.schema.missing_markers = markers;
  }

  LoadedTable load() {
    plan_columns();
    Pieces pieces = read_pieces(indices(plans_.size()));
    std::vector<std::size_t> again = assemble(pieces, indices(plans_.size()));
    if (!again.empty()) {
      for (const std::size_t c : again) plans_[c] = {.spec = {.name = plans_[c].spec.name}};
      pieces = read_pieces(again);
      assemble(pieces, again);
    }
    for (std::size_t c = 0; c < plans_.size(); ++c) finish_column(c);
    return std::move(loaded_);
  }

 private:
  static std::vector<std::size_t> indices(std::size_t n) {
    std::vector<std::size_t> out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = i;
    return out;
  }

  CsvScanner open() const { return CsvScanner(path_, {.separator = '\0'}); }

  /// Columns to read, and for each a kind: given, or guessed from the first rows.
  void plan_columns() {
    CsvScanner scanner = open();
    const std::vector<std::string>& header = scanner.header();
    for (const std::string& name : options_.schema != nullptr ? options_.schema->names() : header) {
      const auto found = std::find(header.begin(), header.end(), name);
      SEMBLANCE_EXPECT(found != header.end(), kData, "{}: there is no column '{}'{}", path_, name,
                       base::did_you_mean(name, header));
      sources_.push_back(static_cast<int>(found - header.begin()));
      plans_.push_back({.spec = {.name = name}});
    }
    std::vector<TextProfile> profiles(plans_.size());
    CsvBlock block;
    for (std::int64_t rows = 0; rows < kSampleRows && scanner.next(block); rows += block.n_rows()) {
      for (std::size_t c = 0; c < plans_.size(); ++c) profile(profiles[c], block, sources_[c]);
    }
    loaded_.table.columns.resize(plans_.size());
    loaded_.kind_known.assign(plans_.size(), false);
    reading_specs_.resize(plans_.size());
    for (std::size_t c = 0; c < plans_.size(); ++c) plan_column(c, profiles[c]);
  }

  void profile(TextProfile& profile, const CsvBlock& block, int source) const {
    const std::int64_t rows = std::min(block.n_rows(), kSampleRows);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::string_view text = block.field(row, source);
      if (markers_->find(text) < 0) profile.add(text);
    }
  }

  void plan_column(std::size_t c, const TextProfile& profile) {
    ColumnPlan& plan = plans_[c];
    std::vector<std::string> ignored;
    const Wanted wanted = wanted_spec(options_, plan.spec.name);
    const ColumnSpec* wish = wanted.spec;
    loaded_.kind_known[c] = wanted.kind_given;
    if (wanted.kind_given) {
      plan.spec.kind =
          wanted.round_to_whole && wish->kind == Kind::kInteger ? Kind::kFloat : wish->kind;
      plan.kind_fixed = true;
    } else {
      profile.decide(plan.spec, ignored);
    }
    if (plan.spec.kind != Kind::kDate && plan.spec.kind != Kind::kDatetime) return;
    std::string pattern = profile.date_pattern(plan.spec.name, ignored);
    const bool use_wish = wish != nullptr && !wish->format.empty() &&
                          (options_.metadata != nullptr || pattern.empty());
    if (use_wish) pattern = wish->format;
    plan.format_guessed = !use_wish;
    if (pattern.empty() && profile.count() > 0)
      return;  // every value fails, and is then looked at as text
    plan.pattern.emplace(pattern.empty() ? std::string("%Y-%m-%d") : pattern);
  }

  Pieces read_pieces(const std::vector<std::size_t>& wanted) {
    CsvScanner scanner = open();
    Pieces pieces;
    std::mutex mutex;
    for_each_block(scanner, options_.threads, [&](const CsvBlock& block, std::int64_t number) {
      std::vector<ColumnPiece> made(wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const ColumnPlan& plan = plans_[wanted[i]];
        const int source = sources_[wanted[i]];
        made[i].reserve(plan.spec.kind, static_cast<std::size_t>(block.n_rows()));
        for (std::int64_t row = 0; row < block.n_rows(); ++row)
          made[i].add(block.field(row, source), plan, *markers_);
      }
      const std::lock_guard lock(mutex);
      const auto index = static_cast<std::size_t>(number);
      if (pieces.blocks.size() <= index)
        pieces.blocks.resize(index + 1), pieces.first_rows.resize(index + 1);
      pieces.blocks[index] = std::move(made);
      pieces.first_rows[index] = block.first_row();
      pieces.n_rows = std::max(pieces.n_rows, block.first_row() - 1 + block.n_rows());
    });
    return pieces;
  }

  /// Joins the pieces of each column; returns the columns whose guessed kind did not hold.
  std::vector<std::size_t> assemble(Pieces& pieces, const std::vector<std::size_t>& wanted) {
    std::vector<char> failed(wanted.size(), 0);
    base::parallel_for(
        static_cast<std::int64_t>(wanted.size()), options_.threads, [&](std::int64_t i) {
          failed[static_cast<std::size_t>(i)] = !assemble_column(
              pieces, static_cast<std::size_t>(i), wanted[static_cast<std::size_t>(i)]);
        });
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (failed[i]) again.push_back(wanted[i]);
    }
    return again;
  }

  bool assemble_column(Pieces& pieces, std::size_t slot, std::size_t c) {
    const ColumnPlan& plan = plans_[c];
    for (std::size_t b = 0; b < pieces.blocks.size(); ++b) {
      const ColumnPiece& piece = pieces.blocks[b][slot];
      if (piece.failed_row < 0) continue;
      if (plan.kind_fixed && !plan.format_guessed) {
        refuse(plan, pieces.first_rows[b] + piece.failed_row, piece.failed_text);
      }
      return false;
    }
    Column& column = loaded_.table.columns[c];
    column.spec = plan.spec;
    const auto n = static_cast<std::size_t>(pieces.n_rows);
    TextDictionary all;
    std::vector<std::int64_t> missing(markers_->markers().size() + 1);
    Evidence& evidence = reading_specs_[c];
    evidence = {};
    for (auto& block : pieces.blocks) {
      ColumnPiece& piece = block[slot];
      if (plan.spec.kind == Kind::kFloat) column.reals.reserve(n);
      column.reals.insert(column.reals.end(), piece.reals.begin(), piece.reals.end());
      if (!piece.ints.empty()) column.ints.reserve(n);
      column.ints.insert(column.ints.end(), piece.ints.begin(), piece.ints.end());
      append_codes(column, piece, all, n);
      evidence.numbers.merge(piece.numbers);
      evidence.dates.merge(piece.dates);
      for (std::size_t i = 0; i < piece.missing_counts.size(); ++i)
        missing[i] += piece.missing_counts[i];
      piece = {};
    }
    column.levels = all.texts();
    evidence.any_present =
        std::accumulate(missing.begin(), missing.end(), std::int64_t{0}) < column.size();
    const auto most = std::max_element(missing.begin(), missing.end());
    if (most != missing.begin() && *most > 0) {
      column.spec.missing_text =
          markers_->markers()[static_cast<std::size_t>(most - missing.begin()) - 1];
    }
    return true;
  }

  static void append_codes(Column& column, const ColumnPiece& piece, TextDictionary& all,
                           std::size_t n) {
    if (piece.codes.empty()) return;
    std::vector<std::int32_t> global(static_cast<std::size_t>(piece.texts.size()));
    for (std::int32_t i = 0; i < piece.texts.size(); ++i)
      global[static_cast<std::size_t>(i)] = all.code(piece.texts.text(i));
    column.codes.reserve(n);
    for (const std::int32_t code : piece.codes) {
      column.codes.push_back(code < 0 ? kMissingCode : global[static_cast<std::size_t>(code)]);
    }
  }

  [[noreturn]] void refuse(const ColumnPlan& plan, std::int64_t row,
                           const std::string& text) const {
    const std::string_view what = plan.spec.kind == Kind::kInteger ? "a whole number"
                                  : plan.spec.kind == Kind::kFloat ? "a number"
                                                                   : "a date";
    const std::string form =
        plan.pattern ? fmt::format(" of the form {}", plan.pattern->text()) : "";
    base::fail(base::ErrorKind::kData,
               "{}: row {}, column '{}': '{}' is not {}{}; correct it, list it under "
               "missing_markers, or change the "
               "column's kind in the metadata",
               path_, row, plan.spec.name, text, what, form);
  }

  void finish_column(std::size_t c) {
    Column& column = loaded_.table.columns[c];
    const ColumnPlan& plan = plans_[c];
    const Evidence& evidence = reading_specs_[c];
    const bool any = evidence.any_present;
    switch (column.spec.kind) {
      case Kind::kInteger:
      case Kind::kFloat:
        if (any) evidence.numbers.describe(column.spec);
        break;
      case Kind::kDate:
      case Kind::kDatetime:
        if (!any || !plan.pattern) break;
        evidence.dates.describe(column.spec, plan.pattern->text());
        if (!plan.kind_fixed)
          warn_of_date_choices(column.spec.name, plan.pattern->text(), evidence.dates,
                               loaded_.warnings);
        break;
      default:
        if (!plan.kind_fixed) {
          column.spec.kind =
              Kind::kCategory;  // a truth word in every sampled row proves nothing yet
          infer_from_levels(column, loaded_.warnings);
        }
        sort_levels(column);
    }
  }

  struct Evidence {
    bool any_present = false;
    NumberEvidence numbers;
    DateEvidence dates;
  };

  const std::string path_;
  const ReadOptions& options_;
  std::unique_ptr<MissingMarkers> markers_;
  std::vector<int> sources_;  // [columns] position in the file
  std::vector<ColumnPlan> plans_;
  std::vector<Evidence> reading_specs_;
  LoadedTable loaded_;
};

}  // namespace

LoadedTable load_csv(const std::string& path, const ReadOptions& options) {
  return CsvLoader(path, options).load();
}

}  // namespace semblance::table::detail
