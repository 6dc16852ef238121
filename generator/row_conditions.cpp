#include "generator/row_conditions.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/error.hpp"

namespace semblance::generator {

void ConditionFigures::add(const ConditionFigures& other) {
  rows += other.rows, few += other.few, out_of_order += other.out_of_order;
  effective += other.effective, mass += other.mass;
  broken.resize(std::max(broken.size(), other.broken.size()), 0);
  for (std::size_t i = 0; i < other.broken.size(); ++i) broken[i] += other.broken[i];
}

namespace {

/// A condition on a column as one on the learned column that it follows from; nothing when it
/// follows from several.
std::optional<table::AllowedValues> of_learned_column(table::AllowedValues allowed,
                                                      const trainer::Codec& codec) {
  const std::vector<table::Derivation>& formulas = codec.derivations();
  for (auto formula = formulas.rbegin(); formula != formulas.rend(); ++formula) {
    if (formula->column != allowed.column) continue;
    const auto source = formula->before(allowed, codec.schema());
    if (!source) return std::nullopt;
    allowed = *source;
  }
  return allowed;
}

}  // namespace

RowConditions::RowConditions(const trainer::Codec& codec, const std::vector<std::string>& where,
                             const GivenTable* given, int particles)
    : codec_(codec),
      where_(table::parse_conditions(where, codec.schema())),
      given_(given),
      particles_(particles) {
  SEMBLANCE_EXPECT(particles >= 1 && particles <= kernels::kMostParticles &&
                       std::has_single_bit(static_cast<unsigned>(particles)),
                   kUsage, "particles is {}; it must be 1, 2, 4, 8 ... {}", particles,
                   kernels::kMostParticles);
  for (const table::AllowedValues& allowed : where_) {
    if (const auto source = of_learned_column(allowed, codec)) drawn_.push_back(*source);
  }
  if (draws_freely()) particles_ = 1;
  for (const table::AllowedValues& allowed : drawn_) {
    for (kernels::TokenMask& mask : codec.restrict(allowed)) masks_.push_back(std::move(mask));
  }
  for (int c = 0; given != nullptr && c < static_cast<int>(codec.schema().columns.size()); ++c) {
    if (codec.schema().columns[static_cast<std::size_t>(c)].kind != table::Kind::kId &&
        codec.base_of(c) >= 0)
      relative_.push_back(c);
  }
}

const table::Schema& RowConditions::schema() const {
  return given_ != nullptr ? given_->schema() : codec_.schema();
}

std::vector<std::uint16_t> RowConditions::fixed(std::span<const std::int64_t> rows) const {
  return given_ == nullptr ? std::vector<std::uint16_t>() : given_->fixed(rows);
}

std::vector<kernels::TokenMask> RowConditions::masks(std::span<const std::int64_t> rows) const {
  std::vector<kernels::TokenMask> out = masks_;
  if (given_ == nullptr) return out;
  for (kernels::TokenMask& mask : given_->masks(rows)) out.push_back(std::move(mask));
  return out;
}

bool RowConditions::binds(const table::Constraint& constraint, std::int64_t output_row) const {
  if (given_ == nullptr) return true;
  const std::vector<int> columns = constraint.all_columns();
  return std::any_of(columns.begin(), columns.end(),
                     [&](int column) { return !given_->gives(column, output_row); });
}

kernels::GivenTokens RowConditions::draw_tokens(const trainer::Sampler& sampler,
                                                std::int64_t first_row, std::int64_t n_rows,
                                                std::uint64_t seed) const {
  if (draws_freely()) return {.tokens = sampler.sample(first_row, n_rows, seed, 1).tokens};
  std::vector<std::int64_t> which(static_cast<std::size_t>(n_rows));
  std::iota(which.begin(), which.end(), first_row);
  const std::vector<kernels::TokenMask> all = masks(which);
  const std::vector<std::uint16_t> tokens_given = fixed(which);
  return sampler.sample_given({first_row, n_rows, seed, all, tokens_given, particles_}, 1);
}

table::Table RowConditions::draw(const trainer::Sampler& sampler, std::int64_t first_row,
                                 std::int64_t n_rows, std::uint64_t seed,
                                 ConditionFigures* figures) const {
  kernels::GivenTokens drawn = draw_tokens(sampler, first_row, n_rows, seed);
  const trainer::TokenMatrix tokens{n_rows, static_cast<int>(codec_.token_columns().size()),
                                    std::move(drawn.tokens)};
  const auto overlay = [&](int column, table::Column& cells) {
    if (given_ != nullptr) given_->overlay(first_row, column, cells);
  };
  table::Table rows = codec_.decode(tokens, first_row, seed, overlay);
  for (const table::AllowedValues& allowed : drawn_)
    codec_.narrow(allowed, tokens, first_row, seed, rows);
  if (!drawn_.empty()) codec_.derive(rows, overlay);
  if (given_ != nullptr) given_->carry(first_row, rows);
  if (figures != nullptr) {
    figures->rows += n_rows;
    for (std::size_t i = 0; i < drawn.effective.size(); ++i) {
      figures->effective += drawn.effective[i];
      figures->few += particles_ > 1 && drawn.effective[i] < kFewCandidates;
      figures->mass += std::exp(drawn.log_mass[i]);
    }
  }
  return rows;
}

/// A given date may come before the date that was made for its base.
bool RowConditions::in_order(const table::Table& rows, std::int64_t row, std::int64_t first_row,
                             int column) const {
  if (given_->gives(column, first_row + row) &&
      given_->gives(codec_.base_of(column), first_row + row))
    return true;
  const table::Column& date = rows.columns[static_cast<std::size_t>(column)];
  const table::Column& base = rows.columns[static_cast<std::size_t>(codec_.base_of(column))];
  if (date.is_missing(row) || base.is_missing(row)) return true;
  const auto day = [&](const table::Column& cells) {
    return cells.as_double(row) / (cells.spec.kind == table::Kind::kDate ? 1.0 : 86'400e6);
  };
  const bool whole_days =
      date.spec.kind == table::Kind::kDate || base.spec.kind == table::Kind::kDate;
  return whole_days ? std::floor(day(date)) >= std::floor(day(base))
                    : date.as_double(row) >= base.as_double(row);
}

bool RowConditions::meets(const table::Table& rows, std::int64_t row, std::int64_t first_row,
                          ConditionFigures& figures) const {
  figures.broken.resize(where_.size(), 0);
  bool good = true;
  for (std::size_t i = 0; i < where_.size(); ++i) {
    if (where_[i].holds(rows.columns[static_cast<std::size_t>(where_[i].column)], row)) continue;
    good = false;
    ++figures.broken[i];
  }
  for (const int column : relative_) {
    if (in_order(rows, row, first_row, column)) continue;
    good = false;
    ++figures.out_of_order;
  }
  return good;
}

std::string RowConditions::broken(const table::Table& rows, std::int64_t row,
                                  std::int64_t first_row) const {
  for (const table::AllowedValues& allowed : where_) {
    if (!allowed.holds(rows.columns[static_cast<std::size_t>(allowed.column)], row))
      return "condition '" + allowed.text + "'";
  }
  for (const int column : relative_) {
    if (!in_order(rows, row, first_row, column))
      return "the order of '" +
             codec_.schema().columns[static_cast<std::size_t>(codec_.base_of(column))].name +
             "' before '" + codec_.schema().columns[static_cast<std::size_t>(column)].name + "'";
  }
  return "";
}

}  // namespace semblance::generator
