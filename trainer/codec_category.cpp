#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_counts.hpp"

namespace semblance::trainer {
namespace {

/// What stands for a level that was too rare to keep, where a kept level cannot.
constexpr const char* kRareText = "_RARE_";
/// Up to this share of rare cells a kept level is drawn for each of them.
constexpr double kFewRare = 0.05;
/// In a column of few values a level is kept when it has this share of them, and never below
/// kLeastGroup of them.
constexpr std::int64_t kLargestShare = 50, kLeastGroup = 5;

bool looks_numeric(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0';
}

/// Rows that a level of a column with `present` values must have to be kept.
std::int64_t least_count(std::int64_t present, const CodecOptions& options) {
  return std::min<std::int64_t>(
      options.rare_min_count, std::max(kLeastGroup, (present + kLargestShare - 1) / kLargestShare));
}

/// Levels, commonest first, as one token or two digits. The tokens of the first digit are: single
/// levels, groups of rarer levels (told apart by the second digit), then RARE, then MISSING.
class CategoryColumn : public ColumnCoder {
 public:
  CategoryColumn() = default;

  CategoryColumn(const LevelSummary& summary, bool boolean, bool rare_text,
                 const CodecOptions& options) {
    std::int64_t rare = 0, kept = 0, present = 0;
    for (const LevelCount& level : summary.levels) present += level.count;
    const std::int64_t least = least_count(present, options);
    for (const LevelCount& level : summary.levels) {
      const bool keep = (boolean || level.count >= least) &&
                        static_cast<std::int64_t>(levels_.size()) < most_levels(options.digit_base);
      if (keep) {
        levels_.push_back(level.text);
        kept += level.count;
        weights_.push_back(static_cast<double>(level.count));
      } else {
        rare += level.count;
      }
    }
    has_rare_ = rare > 0;
    has_missing_ = summary.missing > 0 || summary.levels.empty();
    const bool numeric = std::all_of(levels_.begin(), levels_.end(), looks_numeric);
    rare_as_text_ =
        has_rare_ && rare_text &&
        (levels_.empty() ||
         (!numeric && static_cast<double>(rare) > kFewRare * static_cast<double>(rare + kept)));
    lay_out(options.digit_base);
    finish();
  }

  static std::unique_ptr<ColumnCoder> load(hid_t group) {
    auto coder = std::make_unique<CategoryColumn>();
    coder->levels_ = base::h5_read_texts(group, "levels");
    coder->weights_ = base::h5_read<double>(group, "weights");
    coder->has_rare_ = base::h5_read_int_attribute(group, "has_rare") != 0;
    coder->has_missing_ = base::h5_read_int_attribute(group, "has_missing") != 0;
    coder->rare_as_text_ = base::h5_read_int_attribute(group, "rare_as_text") != 0;
    coder->singles_ = base::h5_read_int_attribute(group, "singles");
    coder->groups_ = base::h5_read_int_attribute(group, "groups");
    coder->width_ = base::h5_read_int_attribute(group, "width");
    coder->check();
    coder->finish();
    return coder;
  }

  void save(hid_t group) const override {
    base::h5_write_texts(group, "levels", levels_);
    base::h5_write(group, "weights", weights_);
    base::h5_write_attribute(group, "has_rare", std::int64_t{has_rare_});
    base::h5_write_attribute(group, "has_missing", std::int64_t{has_missing_});
    base::h5_write_attribute(group, "rare_as_text", std::int64_t{rare_as_text_});
    base::h5_write_attribute(group, "singles", singles_);
    base::h5_write_attribute(group, "groups", groups_);
    base::h5_write_attribute(group, "width", width_);
  }

  int n_tokens() const override { return width_ > 1 ? 2 : 1; }
  int ordered(int) const override { return 0; }
  int cardinality(int t) const override {
    return static_cast<int>(
        t == 1 ? width_ : std::max<std::int64_t>(1, singles_ + groups_ + has_rare_ + has_missing_));
  }
  std::string part_name(int t) const override {
    return n_tokens() == 1 ? "" : t == 0 ? "group" : "member";
  }

  void encode(const table::Column& column, const table::Column*,
              EncodeTarget& target) const override {
    SEMBLANCE_EXPECT(
        column.spec.kind == table::Kind::kCategory || column.spec.kind == table::Kind::kBoolean ||
            column.spec.kind == table::Kind::kId,
        kData, "column '{}' holds categories in the model but is of kind {} in this table",
        column.spec.name, table::kind_name(column.spec.kind));
    std::vector<std::int64_t> known(column.levels.size() +
                                    1);  // our level of a code, at [code + 1]
    known[0] = kMissing;
    for (std::size_t i = 0; i < column.levels.size(); ++i) {
      const auto found = index_.find(column.levels[i]);
      known[i + 1] = found == index_.end() ? kRare : found->second;
    }
    count_unseen(column, known, target);
    for (int t = 0; t < n_tokens(); ++t) {
      std::vector<std::uint16_t> token_of_code;
      for (const std::int64_t level : known) token_of_code.push_back(token(level, t));
      kernels::encode_codes(column.codes, token_of_code,
                            {target.tokens[static_cast<std::size_t>(t)], column.codes.size()},
                            {.threads = 0});
    }
  }

  void decode(const DecodeSource& source, const table::Column*,
              table::Column& column) const override {
    column.levels = levels_;
    if (rare_as_text_) column.levels.push_back(kRareText);
    column.codes.resize(static_cast<std::size_t>(source.n_rows));
    for (std::size_t i = 0; i < column.codes.size(); ++i) {
      const std::int64_t level =
          level_of(source.tokens[0][i], n_tokens() == 2 ? source.tokens[1][i] : 0);
      if (level == kRare && !rare_as_text_) {
        column.codes[i] = drawn_level(source, static_cast<std::int64_t>(i));
      } else {
        column.codes[i] = static_cast<std::int32_t>(
            level == kRare ? static_cast<std::int64_t>(levels_.size()) : level);
      }
    }
  }

  const std::vector<std::string>* levels() const override { return &levels_; }

  std::vector<PartMask> restrict(const table::AllowedValues& allowed, table::Kind) const override {
    std::vector<char> good;
    for (const std::string& level : levels_) good.push_back(allowed.allows_level(level));
    PartMask first{0, -1, std::vector<float>(static_cast<std::size_t>(cardinality(0)), 0.0f)};
    PartMask second{1, 0,
                    std::vector<float>(static_cast<std::size_t>(cardinality(0) * width_), 1.0f)};
    for (std::int64_t f = 0; f < cardinality(0); ++f) {
      float& any = first.weights[static_cast<std::size_t>(f)];
      const bool is_group = f >= singles_ && f < singles_ + groups_;
      for (std::int64_t s = 0; s < width_; ++s) {
        const std::int64_t level = level_of(f, s);
        bool meets = level >= 0 ? good[static_cast<std::size_t>(level)] != 0 : allowed.missing;
        if (level == kRare) meets = rare_meets(allowed);
        // Members beyond the last level stand for it once more: once is enough.
        if (is_group && singles_ + (f - singles_) * width_ + s != level) meets = false;
        if (meets) any = 1;
        if (is_group)
          second.weights[static_cast<std::size_t>(f * width_ + s)] = meets ? 1.0f : 0.0f;
      }
    }
    if (width_ == 1) return {first};
    return {first, second};
  }

  std::string choices(table::Kind) const override {
    constexpr std::size_t kMostNamed = 12;
    std::string text = "levels ";
    for (std::size_t i = 0; i < std::min(levels_.size(), kMostNamed); ++i)
      text += (i > 0 ? ", '" : "'") + levels_[i] + "'";
    if (levels_.size() > kMostNamed)
      text += fmt::format(" and {} more", levels_.size() - kMostNamed);
    return text + (has_missing_ ? " and missing values" : ", and no missing value");
  }

 private:
  static constexpr std::int64_t kMissing = -1, kRare = -2;

  /// A rare cell becomes a text of its own or a kept level that is drawn: where conditions list
  /// levels, it is not asked for.
  bool rare_meets(const table::AllowedValues& allowed) const {
    return rare_as_text_ ? allowed.allows_level(kRareText) : allowed.present && !allowed.listed;
  }

  /// Levels that two digits can tell apart; there is no third one.
  static std::int64_t most_levels(int digit_base) {
    return std::int64_t{std::max(1, digit_base - 2)} * std::min(digit_base, 60'000);
  }

  void lay_out(int digit_base) {
    const auto n = static_cast<std::int64_t>(levels_.size()),
               extra = std::int64_t{has_rare_} + has_missing_;
    singles_ = n, groups_ = 0, width_ = 1;
    if (n + extra <= digit_base) return;
    // Half of the first digit for the commonest levels; the rest in about as many groups as
    // members.
    for (singles_ = digit_base / 2;; singles_ /= 2) {
      const std::int64_t rest = n - singles_, room = digit_base - extra - singles_;
      if (room <= 0) continue;
      const auto even = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(rest))));
      groups_ = std::min(room, even);
      width_ = (rest + groups_ - 1) / groups_;
      if (width_ <= digit_base || singles_ == 0) break;
    }
    groups_ = (n - singles_ + width_ - 1) / width_;
  }

  void check() const {
    const auto n = static_cast<std::int64_t>(levels_.size());
    SEMBLANCE_EXPECT(weights_.size() == levels_.size() && singles_ >= 0 && groups_ >= 0 &&
                         width_ >= 1 && singles_ <= n && groups_ <= 65'000 && width_ <= 65'000 &&
                         singles_ + groups_ <= 65'000 && singles_ + groups_ * width_ >= n &&
                         (rare_as_text_ || !has_rare_ || n > 0) &&
                         std::all_of(weights_.begin(), weights_.end(),
                                     [](double w) { return std::isfinite(w) && w > 0; }),
                     kData,
                     "the model's codec is damaged: the levels of a category do not fit together");
  }

  void finish() {
    index_.clear();
    for (std::size_t i = 0; i < levels_.size(); ++i)
      index_.emplace(levels_[i], static_cast<std::int64_t>(i));
    cumulative_.clear();
    double total = 0;
    for (const double weight : weights_) cumulative_.push_back(total += weight);
  }

  /// Digit t of a level, of kRare or of kMissing; where there is no such token, of the commonest
  /// level.
  std::uint16_t token(std::int64_t level, int t) const {
    if (level == kMissing && has_missing_)
      return static_cast<std::uint16_t>(t == 0 ? singles_ + groups_ + has_rare_ : 0);
    if (level < 0 && has_rare_) return static_cast<std::uint16_t>(t == 0 ? singles_ + groups_ : 0);
    if (level < 0) level = 0;
    if (level < singles_) return static_cast<std::uint16_t>(t == 0 ? level : 0);
    const std::int64_t place = level - singles_;
    return static_cast<std::uint16_t>(t == 0 ? singles_ + place / width_ : place % width_);
  }

  std::int64_t level_of(std::int64_t first, std::int64_t second) const {
    const auto n = static_cast<std::int64_t>(levels_.size());
    SEMBLANCE_EXPECT(first < cardinality(0), kData, "decode: token {} is not below {}", first,
                     cardinality(0));
    if (first < singles_) return first;
    if (first < singles_ + groups_)
      return std::min(n - 1, singles_ + (first - singles_) * width_ + second);
    return has_rare_ && first == singles_ + groups_ ? kRare : kMissing;
  }

  std::int32_t drawn_level(const DecodeSource& source, std::int64_t i) const {
    const double uniform = kernels::cell_uniform(
        source.seed, static_cast<std::uint64_t>(source.first_row + i), source.stream);
    const auto place =
        std::upper_bound(cumulative_.begin(), cumulative_.end(), uniform * cumulative_.back());
    return static_cast<std::int32_t>(std::min<std::int64_t>(
        place - cumulative_.begin(), static_cast<std::int64_t>(levels_.size()) - 1));
  }

  /// Cells whose level the codec does not know (because it never saw it, or too seldom to keep it),
  /// or that are missing where nothing was missing.
  void count_unseen(const table::Column& column, const std::vector<std::int64_t>& known,
                    EncodeTarget& target) const {
    for (const std::int32_t code : column.codes) {
      const std::int64_t level = known[static_cast<std::size_t>(code + 1)];
      target.unseen += level == kRare || (level == kMissing && !has_missing_);
    }
  }

  std::vector<std::string> levels_;
  std::vector<double> weights_, cumulative_;
  std::unordered_map<std::string, std::int64_t> index_;
  bool has_rare_ = false, has_missing_ = false, rare_as_text_ = false;
  std::int64_t singles_ = 0, groups_ = 0, width_ = 1;
};

}  // namespace

std::unique_ptr<ColumnCoder> fit_category_column(const table::Column& column,
                                                 const CodecOptions& options,
                                                 base::Communicator& communicator) {
  const bool boolean = column.spec.kind == table::Kind::kBoolean;
  return std::make_unique<CategoryColumn>(summarise_levels(column, communicator), boolean, true,
                                          options);
}

std::unique_ptr<ColumnCoder> fit_combination_column(const table::Column& joined,
                                                    const CodecOptions& options,
                                                    base::Communicator& communicator) {
  const LevelSummary summary = summarise_levels(joined, communicator);
  std::int64_t present = 0;
  for (const LevelCount& level : summary.levels) present += level.count;
  const std::int64_t least = least_count(present, options);
  SEMBLANCE_EXPECT(
      !summary.levels.empty() && summary.levels.front().count >= least, kData,
      "no combination of '{}' occurs in {} rows (rare_min_count, less in small tables): "
      "leave out the fixed combination",
      joined.spec.name, least);
  return std::make_unique<CategoryColumn>(summary, false, false, options);
}

std::unique_ptr<ColumnCoder> load_category_column(hid_t group) {
  return CategoryColumn::load(group);
}

}  // namespace semblance::trainer
