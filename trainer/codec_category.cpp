#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"
#include "trainer/codec_category_digits.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_counts.hpp"
#include "trainer/codec_text_numbers.hpp"

namespace semblance::trainer {
namespace {

/// What stands for a level that was too rare to keep, where a kept level cannot.
constexpr const char* kRareText = "_RARE_";
/// Up to this share of rare cells only kept levels are drawn.
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

/// Kept levels, bins of rare numbers among texts, RARE and MISSING; their tokens are those of
/// CategoryDigits.
class CategoryColumn : public ColumnCoder {
 public:
  CategoryColumn() = default;

  /// \param combined  of the joined columns of a fixed combination: made of kept levels only
  CategoryColumn(const LevelSummary& summary, bool boolean, bool combined,
                 const CodecOptions& options) {
    std::int64_t present = 0;
    for (const LevelCount& level : summary.levels) present += level.count;
    const std::int64_t least = least_count(present, options);
    std::vector<char> keeps;
    for (const LevelCount& level : summary.levels)
      keeps.push_back(boolean || level.count >= least ? 1 : 0);
    if (!boolean && !combined && options.text_numbers)
      numbers_ = TextNumbers::fit(summary.levels, keeps,
                                  {.least_rows = least,
                                   .bins = std::min(options.numeric_bins, options.digit_base / 4),
                                   .most_tokens = options.digit_base / 2 - 1});
    const std::int64_t rare = sort_levels(summary.levels, keeps, options.digit_base);
    const bool missing = summary.missing > 0 || summary.levels.empty();
    // A text would spoil a column of numbers.
    const bool numeric = !numbers_ && std::all_of(levels_.begin(), levels_.end(), looks_numeric);
    const bool few = static_cast<double>(rare) <= kFewRare * static_cast<double>(present);
    rare_as_text_ = rare > 0 && !combined && ((levels_.empty() && !numbers_) || (!numeric && !few));
    digits_ = CategoryDigits({numbers_ ? numbers_->size() : 0,
                              static_cast<std::int64_t>(levels_.size()), rare > 0, missing},
                             options.digit_base);
    finish();
  }

  static std::unique_ptr<ColumnCoder> load(hid_t group) {
    auto coder = std::make_unique<CategoryColumn>();
    coder->levels_ = base::h5_read_texts(group, "levels");
    coder->weights_ = base::h5_read<double>(group, "weights");
    coder->rare_as_text_ = base::h5_read_int_attribute(group, "rare_as_text") != 0;
    if (base::h5_has_attribute(group, "number_rows")) {
      coder->number_rows_ = base::h5_read_double_attribute(group, "number_rows");
      coder->numbers_ = TextNumbers::load(base::h5_open_group(group, "numbers").get());
    }
    coder->digits_ =
        CategoryDigits::load(group, {coder->numbers_ ? coder->numbers_->size() : 0,
                                     static_cast<std::int64_t>(coder->levels_.size()),
                                     base::h5_read_int_attribute(group, "has_rare") != 0,
                                     base::h5_read_int_attribute(group, "has_missing") != 0});
    coder->check();
    coder->finish();
    return coder;
  }

  void save(hid_t group) const override {
    base::h5_write_texts(group, "levels", levels_);
    base::h5_write(group, "weights", weights_);
    base::h5_write_attribute(group, "has_rare", std::int64_t{digits_.parts().rare});
    base::h5_write_attribute(group, "has_missing", std::int64_t{digits_.parts().missing});
    base::h5_write_attribute(group, "rare_as_text", std::int64_t{rare_as_text_});
    digits_.save(group);
    if (!numbers_) return;
    base::h5_write_attribute(group, "number_rows", number_rows_);
    numbers_->save(base::h5_create_group(group, "numbers").get());
  }

  int n_tokens() const override { return digits_.n_tokens(); }
  int ordered(int t) const override { return t == 0 ? digits_.ordered() : 0; }
  int cardinality(int t) const override { return digits_.cardinality(t); }
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
    std::vector<std::int64_t> known = {kMissing};  // our level of a code, at [code + 1]
    for (const std::string& text : column.levels) known.push_back(level_of(text));
    count_unseen(column, known, target);
    for (int t = 0; t < n_tokens(); ++t) {
      std::vector<std::uint16_t> token_of_code;
      for (const std::int64_t level : known) token_of_code.push_back(digits_.token(level, t));
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
    AddedLevels added(column);
    for (std::int64_t row = 0; row < source.n_rows; ++row) {
      std::int64_t level = level_at(source, row);
      std::uint32_t stream = source.stream;
      if (level == kRare && !rare_as_text_)
        level = drawn_level(source, row), stream = side_stream(stream);
      std::int32_t& code = column.codes[static_cast<std::size_t>(row)];
      if (level <= kFirstNumber) {
        code = added.code(numbers_->text(bin(level), random_word(source, row, stream)));
      } else {
        code = static_cast<std::int32_t>(level == kRare ? static_cast<std::int64_t>(levels_.size())
                                                        : level);
      }
    }
  }

  void narrow(const table::AllowedValues& allowed, const DecodeSource& source,
              table::Column& column) const override {
    if (!numbers_) return;
    AddedLevels added(column);
    for (std::int64_t row = 0; row < source.n_rows; ++row) {
      const std::int64_t level = level_at(source, row);
      if (level > kFirstNumber || allowed.holds(column, row)) continue;
      const std::optional<std::string> text = numbers_->narrowed(
          bin(level), allowed, random_word(source, row, side_stream(source.stream)));
      if (text) column.codes[static_cast<std::size_t>(row)] = added.code(*text);
    }
  }

  int withheld_token() const override {
    const bool others = !levels_.empty() || numbers_;
    if (!digits_.parts().rare || rare_as_text_ || !others) return -1;
    return digits_.token(kRare, 0);
  }

  const std::vector<std::string>* levels() const override { return &levels_; }
  bool knows_number(const std::string& text) const override {
    return numbers_ && numbers_->bin_of(text) >= 0;
  }

  std::vector<PartMask> restrict(const table::AllowedValues& allowed, table::Kind) const override {
    std::vector<char> good;
    for (const std::string& level : levels_) good.push_back(allowed.allows_level(level));
    std::vector<float> shares;
    if (numbers_) shares = numbers_->shares(allowed);
    const std::int64_t width = digits_.width();
    PartMask first{0, -1, std::vector<float>(static_cast<std::size_t>(cardinality(0)), 0.0f)};
    PartMask second{1, 0,
                    std::vector<float>(static_cast<std::size_t>(cardinality(0) * width), 1.0f)};
    for (std::int64_t f = 0; f < cardinality(0); ++f) {
      const bool is_group = digits_.is_group(f);
      for (std::int64_t s = 0; s < width; ++s) {
        const std::int64_t level = digits_.level(f, s);
        float meets = level >= 0 ? good[static_cast<std::size_t>(level)] : allowed.missing;
        if (level == kRare) meets = rare_meets(allowed);
        if (level <= kFirstNumber) meets = shares[static_cast<std::size_t>(bin(level))];
        // Members beyond the last level stand for it once more: once is enough.
        if (is_group && !digits_.is_member(f, s)) meets = 0;
        float& any = first.weights[static_cast<std::size_t>(f)];
        any = std::max(any, meets);
        if (is_group) second.weights[static_cast<std::size_t>(f * width + s)] = meets;
      }
    }
    if (width == 1) return {first};
    return {first, second};
  }

  std::string choices(table::Kind) const override {
    constexpr std::size_t kMostNamed = 12;
    std::string text;
    for (std::size_t i = 0; i < std::min(levels_.size(), kMostNamed); ++i)
      text += (i > 0 ? ", '" : "levels '") + levels_[i] + "'";
    if (levels_.size() > kMostNamed)
      text += fmt::format(" and {} more", levels_.size() - kMostNamed);
    if (numbers_) text += (text.empty() ? "" : ", ") + numbers_->choices();
    if (text.empty()) text = "no level";
    return text + (digits_.parts().missing ? " and missing values" : ", and no missing value");
  }

 private:
  static constexpr std::int64_t kMissing = CategoryDigits::kMissing, kRare = CategoryDigits::kRare,
                                kFirstNumber = CategoryDigits::kFirstNumber;

  /// Codes of texts that are added to the levels of a column.
  class AddedLevels {
   public:
    explicit AddedLevels(table::Column& column) : levels_(column.levels) {}
    std::int32_t code(const std::string& text) {
      if (code_.empty())
        for (const std::string& level : levels_)
          code_.emplace(level, static_cast<std::int32_t>(code_.size()));
      const auto [place, is_new] = code_.emplace(text, static_cast<std::int32_t>(levels_.size()));
      if (is_new) levels_.push_back(text);
      return place->second;
    }

   private:
    std::vector<std::string>& levels_;
    std::unordered_map<std::string, std::int32_t> code_;
  };

  static std::int32_t bin(std::int64_t level) {
    return static_cast<std::int32_t>(kFirstNumber - level);
  }

  /// Keeps levels as far as two digits can tell them apart, and counts the rows of numbers. Returns
  /// the rows of all other levels.
  std::int64_t sort_levels(const std::vector<LevelCount>& levels, const std::vector<char>& keeps,
                           int digit_base) {
    const std::int64_t most =
        CategoryDigits::most_levels(digit_base - (numbers_ ? numbers_->size() : 0));
    std::int64_t rare = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const auto rows = static_cast<double>(levels[i].count);
      if (keeps[i] != 0 && static_cast<std::int64_t>(levels_.size()) < most) {
        levels_.push_back(levels[i].text);
        weights_.push_back(rows);
      } else if (knows_number(levels[i].text)) {
        number_rows_ += rows;
      } else {
        rare += levels[i].count;
      }
    }
    return rare;
  }

  /// A kept level, the bin of a number, or kRare.
  std::int64_t level_of(const std::string& text) const {
    if (const auto found = index_.find(text); found != index_.end()) return found->second;
    const std::int32_t found = numbers_ ? numbers_->bin_of(text) : -1;
    return found < 0 ? kRare : kFirstNumber - found;
  }

  std::int64_t level_at(const DecodeSource& source, std::int64_t row) const {
    return digits_.level(source.tokens[0][row], n_tokens() == 2 ? source.tokens[1][row] : 0);
  }

  /// A rare cell becomes a text of its own or a kept level that is drawn: where conditions list
  /// levels, it is not asked for.
  bool rare_meets(const table::AllowedValues& allowed) const {
    return rare_as_text_ ? allowed.allows_level(kRareText) : allowed.present && !allowed.listed;
  }

  void check() const {
    SEMBLANCE_EXPECT(weights_.size() == levels_.size() &&
                         (rare_as_text_ || !digits_.parts().rare || !levels_.empty() || numbers_) &&
                         (!numbers_ || (std::isfinite(number_rows_) && number_rows_ > 0)) &&
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
    total_ = 0;
    for (const double weight : weights_) cumulative_.push_back(total_ += weight);
    if (numbers_) digits_.sort_numbers(levels_, *numbers_);
  }

  static std::uint32_t random_word(const DecodeSource& source, std::int64_t row,
                                   std::uint32_t stream) {
    const auto number = static_cast<std::uint64_t>(source.first_row + row);
    return base::philox(source.seed, base::Purpose::kDecode, number / 4, stream).word[number % 4];
  }

  /// A kept level by its rows, or any bin of numbers: these hold about as many rows each.
  std::int64_t drawn_level(const DecodeSource& source, std::int64_t row) const {
    const double uniform = kernels::cell_uniform(
        source.seed, static_cast<std::uint64_t>(source.first_row + row), source.stream);
    const double goal = uniform * (total_ + number_rows_);
    if (numbers_ && goal >= total_) {
      const std::int64_t n = numbers_->size();
      const double share = (goal - total_) / number_rows_ * static_cast<double>(n);
      return kFirstNumber - std::min(n - 1, static_cast<std::int64_t>(share));
    }
    const auto place = std::upper_bound(cumulative_.begin(), cumulative_.end(), goal);
    return std::min<std::int64_t>(place - cumulative_.begin(),
                                  static_cast<std::int64_t>(levels_.size()) - 1);
  }

  /// Cells whose level the codec does not know (because it never saw it, or too seldom to keep it),
  /// or that are missing where nothing was missing.
  void count_unseen(const table::Column& column, const std::vector<std::int64_t>& known,
                    EncodeTarget& target) const {
    for (const std::int32_t code : column.codes) {
      const std::int64_t level = known[static_cast<std::size_t>(code + 1)];
      target.unseen += level == kRare || (level == kMissing && !digits_.parts().missing);
    }
  }

  std::vector<std::string> levels_;           ///< kept ones, commonest first
  std::vector<double> weights_, cumulative_;  ///< rows of each; of it and those before it
  double total_ = 0;                          ///< rows of all
  std::unordered_map<std::string, std::int64_t> index_;
  std::optional<TextNumbers> numbers_;  ///< of the levels that are too rare to keep
  double number_rows_ = 0;              ///< rows that hold them
  CategoryDigits digits_;
  bool rare_as_text_ = false;
};

}  // namespace

std::unique_ptr<ColumnCoder> fit_category_column(const table::Column& column,
                                                 const CodecOptions& options,
                                                 base::Communicator& communicator) {
  const bool boolean = column.spec.kind == table::Kind::kBoolean;
  CodecOptions own = options;
  if (column.spec.levels == "public") own.rare_min_count = 1;
  return std::make_unique<CategoryColumn>(summarise_levels(column, communicator), boolean, false,
                                          own);
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
  return std::make_unique<CategoryColumn>(summary, false, true, options);
}

std::unique_ptr<ColumnCoder> load_category_column(hid_t group) {
  return CategoryColumn::load(group);
}

}  // namespace semblance::trainer
