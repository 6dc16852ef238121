#include "pipeline/attack_pool.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "table/read_table.hpp"
#include "table/write_table.hpp"

namespace semblance::pipeline {
namespace {

/// Addresses of the random numbers: far from those of the evaluation.
constexpr std::uint64_t kCoinStream = 0x5AD0'C014'0000'0000, kChoiceStream = 0x5AD0'C401'0000'0000;

/// Numbers people in the order in which they first occur; a row without a name is a person.
class PersonNumbers {
 public:
  void add(const table::Table& rows, const std::string& column) {
    const int at = column.empty() ? -1 : rows.find(column);
    for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
      const bool named = at >= 0 && !rows.columns[static_cast<std::size_t>(at)].is_missing(row);
      if (!named) {
        person.push_back(people++);
        continue;
      }
      const auto [entry, fresh] =
          known_.try_emplace(rows.columns[static_cast<std::size_t>(at)].as_text(row), people);
      people += fresh;
      person.push_back(entry->second);
    }
  }

  std::vector<std::int64_t> person;
  std::int64_t people = 0;

 private:
  std::unordered_map<std::string, std::int64_t> known_;
};

/// People in random order until they have `most` rows; the others get false.
std::vector<char> chosen_people(const PersonNumbers& all, std::int64_t most, std::uint64_t seed) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(all.people));
  for (const std::int64_t p : all.person) ++rows[static_cast<std::size_t>(p)];
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  for (std::size_t p = 0; p < rows.size(); ++p) {
    order.emplace_back(base::random_bits(seed, base::Purpose::kEvaluate, kChoiceStream + p, 0), p);
  }
  std::sort(order.begin(), order.end());
  std::vector<char> chosen(rows.size());
  std::int64_t taken = 0;
  for (const auto& [key, p] : order) {
    if (taken > 0 && taken + rows[p] > most) break;
    chosen[p] = 1;
    taken += rows[p];
  }
  return chosen;
}

/// Keeps the rows of chosen people, `first` being the pool's number of the table's first row.
table::Table kept_rows(const table::Table& rows, std::size_t first,
                       const std::vector<std::int64_t>& person, const std::vector<char>& chosen,
                       const std::string& path, AttackPool& pool,
                       std::vector<std::int64_t>& renumbered) {
  const std::string file = std::filesystem::path(path).filename().string();
  std::vector<std::int64_t> kept;
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    const auto p = static_cast<std::size_t>(person[first + static_cast<std::size_t>(row)]);
    if (chosen[p] == 0) continue;
    if (renumbered[p] < 0) renumbered[p] = pool.people++;
    pool.person.push_back(renumbered[p]);
    pool.names.push_back(fmt::format("row {} of {}", row + 1, file));
    kept.push_back(row);
  }
  return table::take_rows(rows, kept);
}

}  // namespace

AttackPool read_attack_pool(const AttackOptions& options) {
  table::Metadata metadata;
  table::ReadOptions reading{.threads = options.threads};
  if (!options.metadata.empty()) {
    metadata = table::read_metadata(options.metadata);
    reading.metadata = &metadata;
  }
  table::Schema schema;
  const table::Table real = table::read_table(options.real, reading, &schema);
  const table::Table holdout =
      table::read_table(options.holdout, {.schema = &schema, .threads = options.threads});
  AttackPool pool{.person_column = options.person.empty() ? schema.entity : options.person};
  SEMBLANCE_EXPECT(pool.person_column.empty() || schema.find(pool.person_column) >= 0, kData,
                   "{}: there is no column '{}' to tell people by{}", options.real,
                   pool.person_column, base::did_you_mean(pool.person_column, schema.names()));
  PersonNumbers numbers;
  numbers.add(real, pool.person_column);
  numbers.add(holdout, pool.person_column);
  const std::vector<char> chosen = chosen_people(numbers, options.rows, options.seed);
  std::vector<std::int64_t> renumbered(chosen.size(), -1);
  const auto n_real = static_cast<std::size_t>(real.n_rows());
  pool.real = kept_rows(real, 0, numbers.person, chosen, options.real, pool, renumbered);
  pool.holdout =
      kept_rows(holdout, n_real, numbers.person, chosen, options.holdout, pool, renumbered);
  SEMBLANCE_EXPECT(
      pool.people >= kLeastPeople && pool.holdout.n_rows() > 0 && pool.real.n_rows() > 0, kData,
      "{} and {} have {} rows of {} people to attack (at most {} rows are taken, by 'rows'); "
      "at least {} people are needed, of both tables",
      options.real, options.holdout, pool.n_rows(), pool.people, options.rows, kLeastPeople);
  return pool;
}

std::vector<char> AttackPool::coins(int model, std::uint64_t seed) const {
  std::vector<char> in(person.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    in[i] = static_cast<char>(base::random_bits(seed, base::Purpose::kEvaluate,
                                                kCoinStream + static_cast<std::uint64_t>(person[i]),
                                                static_cast<std::uint32_t>(model)) &
                              1u);
  }
  return in;
}

std::int64_t AttackPool::write(const std::vector<char>& in, const std::string& path) const {
  const auto writer = table::open_table_writer(path, real.schema());
  std::int64_t written = 0, first = 0;
  for (const table::Table* part : {&real, &holdout}) {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < part->n_rows(); ++row) {
      if (in[static_cast<std::size_t>(first + row)] != 0) rows.push_back(row);
    }
    if (!rows.empty()) writer->append(table::take_rows(*part, rows));
    written += static_cast<std::int64_t>(rows.size());
    first += part->n_rows();
  }
  writer->finish();
  return written;
}

}  // namespace semblance::pipeline
