/// Rare numbers among the texts of a category, such as VALUE of hospital events ("Yes", "Clear",
/// "98.6"): too rare to be kept one by one, they are coded in bins as the numbers of a numeric
/// column are.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "table/condition.hpp"
#include "trainer/codec_counts.hpp"
#include "trainer/codec_number.hpp"
#include "trainer/number_text.hpp"

namespace semblance::trainer {

/// How many rows and bins the numbers of a category may have.
struct TextNumberOptions {
  std::int64_t least_rows = 10;  ///< k: of a bin, and of what the clipped ends stand for
  int bins = 128;                ///< about so many in all
  int most_tokens = 2048;        ///< more bins than this are not made
};

/// Where a number comes among others: by how it is written, then by its value.
using NumberRank = std::tuple<bool, int, double>;
/// Nothing for a text that is no number.
std::optional<NumberRank> number_rank(std::string_view text);

/// The bins of a category's rare numbers. Numbers are told apart by how they are written (decimals,
/// single precision); each way of writing that is common enough has quantile bins of its own, on
/// the grid of its numbers without those that are levels of their own. The others count as the
/// nearest such way. Its const members are thread-safe.
class TextNumbers {
 public:
  /// \param levels  of the column, all ranks
  /// \param kept    [levels] 1: has a token of its own
  /// \return        nothing unless at least 2 k rows, and a tenth of those that are not kept, hold
  ///                rare numbers, and the column is one of measurements: it has texts too, and
  ///                neither leading zeros (007) nor texts of letters and digits (V57, 12A) tell
  ///                that its numbers are codes
  static std::optional<TextNumbers> fit(const std::vector<LevelCount>& levels,
                                        const std::vector<char>& kept,
                                        const TextNumberOptions& options);
  /// \throws Error{kData} when what was saved does not fit together
  static TextNumbers load(hid_t group);
  /// Into an empty group.
  void save(hid_t group) const;

  std::int32_t size() const { return size_; }  ///< bins, at least 1
  /// The bin of a number that is no level of its own; -1 when the text is none.
  std::int32_t bin_of(std::string_view text) const;
  /// A number of the bin. \param word  of randomness, 32 bits
  std::string text(std::int32_t bin, std::uint32_t word) const;

  NumberRank rank(std::int32_t bin) const;  ///< of the least number of the bin
  /// [size()] share of a bin's draws that is allowed; 0 where a bin cannot give an allowed text.
  std::vector<float> shares(const table::AllowedValues& allowed) const;
  /// An allowed number of the bin; nothing when there is none. \param word  of randomness, 32 bits
  std::optional<std::string> narrowed(std::int32_t bin, const table::AllowedValues& allowed,
                                      std::uint32_t word) const;
  /// "numbers from -2 to 98.6".
  std::string choices() const;

 private:
  /// Numbers written in one way. Places are positions on the group's grid, those of kept levels
  /// left out.
  struct Group {
    NumberStyle style;
    std::int64_t step = 1;            ///< positions are multiples of it
    std::vector<std::int64_t> taken;  ///< multiples that are levels of their own, ascending
    NumberCoder coder;                ///< of places
    std::int32_t first = 0;           ///< its bins are [first, first + coder.intervals().size())

    std::int64_t place_of(std::int64_t position) const;  ///< the nearest
    std::int64_t position_at(std::int64_t place) const;
  };

  TextNumbers() = default;
  void fit_group(const std::vector<ValueCount>& positions,
                 const std::vector<std::int64_t>& kept_positions, const NumberStyle& style,
                 const IntervalOptions& options);
  const Group& nearest_group(const NumberStyle& style) const;
  const Group& group_of(std::int32_t bin) const;
  /// True when the text of a position is a number written in the group's way.
  bool own(const Group& group, std::int64_t position) const;
  /// The text of the place or of one nearby, within the bin, that is written in the group's way.
  std::string text_near(const Group& group, std::int32_t interval, std::int64_t place) const;
  /// What is allowed, as ranges of places.
  table::AllowedValues places(const Group& group, const table::AllowedValues& allowed) const;
  void number_bins();

  std::vector<Group> groups_;
  std::int32_t size_ = 0;
  bool bare_ = false;     ///< .5 rather than 0.5
  bool trimmed_ = false;  ///< decimals never end in 0
};

}  // namespace semblance::trainer
