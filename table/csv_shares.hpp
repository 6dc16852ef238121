/// The records of one CSV file, shared out over the ranks of a job.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/communicator.hpp"
#include "table/csv_scanner.hpp"
#include "table/detail/quote_state.hpp"

namespace semblance::table {

/// A plain file is cut by bytes, a gzip file between members that tell their lengths; both in
/// rounds, so that memory stays bounded and the rows of a round are consecutive: first those of
/// rank 0, then those of rank 1, ... Each byte is read by one rank alone. A record belongs to the
/// rank whose share it begins in; whether a cut lies inside quotes is found by following every
/// state that it may lie in (detail/quote_state.hpp). The rows are those of CsvScanner, whatever
/// the number of ranks.
class CsvShares {
 public:
  /// \param scanner      open and not read from; it gives header, columns to keep and options
  /// \param share_bytes  text of a rank in one round, about
  CsvShares(CsvScanner& scanner, base::Communicator& communicator, std::int64_t share_bytes);

  /// True when the file can be cut. Otherwise it is for one rank to read.
  static bool can_share(const CsvScanner& scanner);

  /// Collective: the next round; false when the file is over. Errors are the same on all ranks.
  /// \throws Error{kIo}, Error{kData} for damaged gzip data, a record that never ends
  bool next(int threads);
  /// This rank's records, after next(). They are checked only now.
  CsvScanner records() const { return CsvScanner(scanner_, records_, first_row_); }
  /// Rows of all rounds so far, on all ranks.
  std::int64_t rows_so_far() const { return next_row_ - 1; }

 private:
  struct Cut;
  void fetch_text(int threads);
  Cut cut_text(std::string& failure);
  void give_out(const Cut& cut);
  void end_round(std::int64_t my_rows);

  CsvScanner& scanner_;
  base::Communicator& communicator_;
  std::int64_t pieces_a_share_, next_piece_, n_pieces_;
  bool first_round_ = true, over_ = false;
  std::string text_, records_;
  std::string open_record_;  ///< begun in an earlier round, not ended
  detail::QuoteState state_ = detail::QuoteState::kFieldStart;  ///< at the end of the last round
  std::int64_t first_row_ = 1, next_row_ = 1;
};

}  // namespace semblance::table
