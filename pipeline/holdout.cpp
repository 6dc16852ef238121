#include "pipeline/holdout.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/philox.hpp"
#include "table/derivation.hpp"
#include "table/read_table.hpp"
#include "table/write_table.hpp"
#include "trainer/training_slice.hpp"

namespace semblance::pipeline {

void add_settings(base::SettingList& list, HoldoutOptions& options) {
  list.add("share", &options.share,
           "share of the rows that the model never sees, 0 to 0.9; 0: none");
  list.add("entity", &options.entity,
           "column that tells whose row it is: all rows of one value stay together (default: the "
           "metadata's)");
  list.add("seed", &options.seed, "seed of the choice of rows");
}

namespace {

/// The order in which candidates (rows, or first rows of groups) go to the holdout.
std::vector<std::size_t> random_order(const std::vector<std::int64_t>& rows, std::uint64_t seed) {
  std::vector<std::uint64_t> key(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const base::PhiloxWords words =
        base::philox(seed, base::Purpose::kSplit, static_cast<std::uint64_t>(rows[i]), 0);
    key[i] = std::uint64_t{words.word[0]} << 32 | words.word[1];
  }
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(key[a], a) < std::pair(key[b], b);
  });
  return order;
}

Split from_flags(const std::vector<char>& held) {
  Split split;
  for (std::size_t row = 0; row < held.size(); ++row) {
    (held[row] != 0 ? split.holdout : split.train).push_back(static_cast<std::int64_t>(row));
  }
  return split;
}

void check_share(double share, std::int64_t pieces, const char* what) {
  SEMBLANCE_EXPECT(share >= 0 && share <= 0.9, kData,
                   "holdout.share is {}, but must be between 0 and 0.9", share);
  SEMBLANCE_EXPECT(share == 0 || pieces >= 2, kData,
                   "the table has {} {}, and a holdout needs at least 2; set holdout.share to 0",
                   pieces, what);
}

}  // namespace

Split split_rows(std::int64_t n, double share, std::uint64_t seed) {
  check_share(share, n, "rows");
  std::vector<char> held(static_cast<std::size_t>(n), 0);
  if (share > 0) {
    std::vector<std::int64_t> rows(held.size());
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    const std::vector<std::size_t> order = random_order(rows, seed);
    const auto wanted =
        std::clamp<std::int64_t>(std::llround(share * static_cast<double>(n)), 1, n - 1);
    for (std::int64_t i = 0; i < wanted; ++i) held[order[static_cast<std::size_t>(i)]] = 1;
  }
  return from_flags(held);
}

Split split_groups(const std::vector<std::int64_t>& group, double share, std::uint64_t seed) {
  // Groups renumbered in the order of their first rows.
  std::vector<std::int64_t> first_row, size;
  std::vector<std::size_t> member(group.size());
  std::unordered_map<std::int64_t, std::size_t> number;
  for (std::size_t row = 0; row < group.size(); ++row) {
    std::size_t g = first_row.size();
    if (group[row] >= 0) g = number.try_emplace(group[row], g).first->second;
    if (g == first_row.size()) {
      first_row.push_back(static_cast<std::int64_t>(row));
      size.push_back(0);
    }
    member[row] = g;
    ++size[g];
  }
  check_share(share, static_cast<std::int64_t>(first_row.size()), "different entities");

  std::vector<char> group_held(first_row.size(), 0);
  if (share > 0) {
    const double wanted = share * static_cast<double>(group.size());
    double held = 0;
    std::size_t taken = 0;
    for (const std::size_t g : random_order(first_row, seed)) {
      const auto more = static_cast<double>(size[g]);
      const bool nearer = std::abs(held + more - wanted) < std::abs(held - wanted);
      if (taken + 1 == first_row.size() || (taken > 0 && !nearer)) break;
      group_held[g] = 1;
      held += more;
      ++taken;
    }
  }
  std::vector<char> row_held(group.size());
  for (std::size_t row = 0; row < group.size(); ++row) row_held[row] = group_held[member[row]];
  return from_flags(row_held);
}

namespace {

/// The group of each row by the value of a column; -1 where it is missing.
std::vector<std::int64_t> groups_of(const table::Column& column) {
  std::vector<std::int64_t> group(static_cast<std::size_t>(column.size()), -1);
  std::unordered_map<std::string, std::int64_t> number;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    auto& g = group[static_cast<std::size_t>(row)];
    g = column.codes.empty()
            ? number.try_emplace(column.as_text(row), static_cast<std::int64_t>(number.size()))
                  .first->second
            : column.codes[static_cast<std::size_t>(row)];
  }
  return group;
}

/// Why `evaluate` leaves a column out of all comparisons; "" where it does not.
std::string why_not_compared(const table::Schema& schema, const table::ColumnSpec& spec) {
  if (spec.name == schema.entity) return "tells whose row it is";
  if (spec.dropped) return "is dropped by the metadata";
  if (spec.kind == table::Kind::kId) return "is an identifier";
  return "";
}

void check_columns(const table::Schema& schema, const HoldoutOptions& options) {
  for (const NeededColumn& needed : options.needed_columns) {
    const int at = schema.find(needed.name);
    SEMBLANCE_EXPECT(at >= 0, kData, "{}: there is no column '{}', which {} names{}", options.table,
                     needed.name, needed.setting, base::did_you_mean(needed.name, schema.names()));
    if (!needed.compared) continue;
    const std::string why = why_not_compared(schema, schema.columns[static_cast<std::size_t>(at)]);
    SEMBLANCE_EXPECT(why.empty(), kData,
                     "{}: column '{}' {} and is not compared, so {} cannot name it; leave it out "
                     "there, or say in the metadata what it is",
                     options.table, needed.name, why, needed.setting);
  }
}

void write_counts(const std::string& path, const Split& split) {
  const nlohmann::ordered_json json = {{"rows", split.train.size() + split.holdout.size()},
                                       {"train_rows", split.train.size()},
                                       {"holdout_rows", split.holdout.size()}};
  base::write_text_file(path, json.dump(2) + "\n");
}

/// Takes formulas back that a row set aside breaks: models of other rows of the table (those of
/// `attack`) are made by the same metadata.
/// \param given  the schema before they were found
void forget_broken_formulas(const table::Table& all, const Split& split, const table::Schema& given,
                            table::Schema& schema) {
  for (const table::Derivation& formula : table::parse_derivations(schema)) {
    if (!given.columns[static_cast<std::size_t>(formula.column)].derived.empty()) continue;
    const auto broken = std::find_if(split.holdout.begin(), split.holdout.end(),
                                     [&](std::int64_t row) { return !formula.holds(all, row); });
    if (broken == split.holdout.end()) continue;
    base::log_info("'{}' is not '{}' in row {}, which is set aside: learned after all",
                   formula.spec.name, formula.text, *broken + 1);
    schema.columns[static_cast<std::size_t>(formula.column)].derived.clear();
  }
}

void hold_out_here(const HoldoutOptions& options) {
  table::ReadOptions reading;
  reading.threads = options.threads;
  table::Metadata metadata;
  if (!options.metadata.empty()) {
    metadata = table::read_metadata(options.metadata);
    reading.metadata = &metadata;
  }
  table::Schema schema;
  const table::Table all = table::read_table(options.table, reading, &schema);
  if (!options.entity.empty()) schema.entity = options.entity;
  check_columns(schema, options);
  SEMBLANCE_EXPECT(schema.entity.empty() || schema.find(schema.entity) >= 0, kData,
                   "{}: there is no column '{}', which holdout.entity names{}", options.table,
                   schema.entity, base::did_you_mean(schema.entity, schema.names()));
  const Split split = schema.entity.empty() ? split_rows(all.n_rows(), options.share, options.seed)
                                            : split_groups(groups_of(all.column(schema.entity)),
                                                           options.share, options.seed);
  if (!schema.entity.empty())
    base::log_info("holdout: rows with the same '{}' stay together", schema.entity);
  base::log_info("holdout: {} rows to learn from, {} set aside", split.train.size(),
                 split.holdout.size());

  const table::Table train = table::take_rows(all, split.train);
  if (options.metadata.empty()) {
    const table::Schema given = schema;
    trainer::find_rules(train, schema, options.derive, options.date_order, options.learned_columns);
    forget_broken_formulas(all, split, given, schema);
  }
  table::write_table(options.train_output, train);
  if (!split.holdout.empty())
    table::write_table(options.holdout_output, table::take_rows(all, split.holdout));
  base::write_text_file(options.metadata_output, table::metadata_yaml(schema));
  write_counts(options.counts_output, split);
}

}  // namespace

void hold_out(const HoldoutOptions& options, base::Communicator& communicator) {
  if (communicator.rank() == 0) hold_out_here(options);
  communicator.barrier();
}

std::int64_t read_train_rows(const std::string& counts_path) {
  const std::string text = base::read_text_file(counts_path);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  SEMBLANCE_EXPECT(
      json.is_object() && json.contains("train_rows") && json["train_rows"].is_number_integer() &&
          json["train_rows"].get<std::int64_t>() >= 0,
      kData, "{}: does not tell the number of training rows; run the stage 'holdout' again",
      counts_path);
  return json["train_rows"].get<std::int64_t>();
}

}  // namespace semblance::pipeline
