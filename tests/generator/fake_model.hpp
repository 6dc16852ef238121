/// A codec of a small table, and a sampler that needs no network: for each row, the tokens of one
/// of the table's rows or, column by column, of independent ones.
#pragma once

#include <memory>
#include <utility>

#include "base/philox.hpp"
#include "tests/trainer/codec_tables.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

class FakeSampler : public trainer::Sampler {
 public:
  FakeSampler(trainer::TokenMatrix tokens, bool independent)
      : tokens_(std::move(tokens)), independent_(independent) {}

  trainer::TokenMatrix sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                              int) const override {
    trainer::TokenMatrix out{
        n_rows, tokens_.n_columns,
        std::vector<std::uint16_t>(static_cast<std::size_t>(n_rows * tokens_.n_columns))};
    for (int t = 0; t < out.n_columns; ++t) {
      for (std::int64_t i = 0; i < n_rows; ++i) {
        const double u =
            base::uniform(seed, base::Purpose::kSample, static_cast<std::uint64_t>(first_row + i),
                          independent_ ? static_cast<std::uint32_t>(t) : 0);
        out.column(t)[i] =
            tokens_.column(t)[static_cast<std::int64_t>(u * static_cast<double>(tokens_.n_rows))];
      }
    }
    return out;
  }

 private:
  trainer::TokenMatrix tokens_;
  bool independent_;
};

struct FakeModel {
  trainer::Codec codec;
  std::unique_ptr<FakeSampler> sampler;
};

inline FakeModel fake_model(const table::Table& rows,
                            const std::vector<std::string>& constraints = {},
                            bool independent = true) {
  table::Schema schema = rows.schema();
  schema.constraints = constraints;
  trainer::Codec codec = trainer::Codec::fit(rows, schema, {}, *base::self_communicator());
  auto sampler = std::make_unique<FakeSampler>(codec.encode(rows), independent);
  return {std::move(codec), std::move(sampler)};
}

/// Integers low < high, a town with its ward, and an identifier.
inline table::Table small_table(std::int64_t n = 2000) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> low, high;
  std::vector<std::string> town, ward, id;
  for (std::int64_t i = 0; i < n; ++i) {
    low.push_back(static_cast<std::int64_t>(random.below(50)));
    high.push_back(low.back() + 1 + static_cast<std::int64_t>(random.below(50)));
    const auto t = random.below(4);
    town.push_back(t == 0 ? "" : "town " + std::to_string(t));
    ward.push_back(t == 0 ? ""
                          : "ward " + std::to_string(t) + (random.uniform() < 0.5 ? "a" : "b"));
    id.push_back("real " + std::to_string(i));
  }
  return {{trainer::categories("id", id, table::Kind::kId), trainer::integers("low", low),
           trainer::integers("high", high), trainer::categories("town", town),
           trainer::categories("ward", ward)}};
}

}  // namespace semblance::generator
