#include "table/csv_shares.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/carried_error.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "table/detail/csv_tokens.hpp"
#include "table/detail/quote_state.hpp"

namespace semblance::table {
namespace {

using detail::QuoteState;

/// What a rank tells of its text before anybody knows where it stands in the file.
struct Offer {
  detail::QuoteTransition quotes;
  std::int64_t empty = 0, ends_line = 0;  ///< truth values; `ends_line`: the last byte is a newline
};

/// Every rank's value; an error of one rank becomes the error of all.
std::vector<Offer> exchange(const Offer& mine, const std::string& failure,
                            base::Communicator& communicator) {
  std::vector<std::byte> bytes(sizeof mine + failure.size());
  std::memcpy(bytes.data(), &mine, sizeof mine);
  if (!failure.empty()) std::memcpy(bytes.data() + sizeof mine, failure.data(), failure.size());
  std::vector<Offer> offers;
  for (const auto& theirs : communicator.all_gather(bytes)) {
    if (theirs.size() > sizeof mine) {
      base::throw_carried({reinterpret_cast<const char*>(theirs.data()) + sizeof mine,
                           theirs.size() - sizeof mine});
    }
    std::memcpy(&offers.emplace_back(), theirs.data(), sizeof mine);
  }
  return offers;
}

}  // namespace

/// Where this rank's text is cut.
struct CsvShares::Cut {
  bool has_boundary = false;  ///< some record begins in the text
  std::size_t head = 0;       ///< bytes that end a record begun before
  std::size_t end = 0;        ///< end of the last whole record
  std::int64_t n_rows = 0;    ///< whole records after `head`
};

bool CsvShares::can_share(const CsvScanner& scanner) { return !scanner.rest().pieces->in_order(); }

CsvShares::CsvShares(CsvScanner& scanner, base::Communicator& communicator,
                     std::int64_t share_bytes)
    : scanner_(scanner), communicator_(communicator) {
  const CsvScanner::Rest rest = scanner.rest();
  SEMBLANCE_ASSERT(can_share(scanner));
  pieces_a_share_ =
      std::max<std::int64_t>(1, share_bytes / static_cast<std::int64_t>(rest.options->block_bytes));
  next_piece_ = rest.first_piece;
  n_pieces_ = rest.pieces->count();
}

void CsvShares::fetch_text(int threads) {
  const CsvScanner::Rest rest = scanner_.rest();
  text_.clear();
  if (first_round_ && communicator_.rank() == 0) text_ = rest.text;
  const std::int64_t first =
      std::min(n_pieces_, next_piece_ + communicator_.rank() * pieces_a_share_);
  const std::int64_t n = std::min(n_pieces_ - first, pieces_a_share_);
  std::vector<detail::PieceBuffer> pieces(static_cast<std::size_t>(n));
  base::parallel_for(n, threads, [&](std::int64_t i) {
    rest.pieces->fetch(first + i, pieces[static_cast<std::size_t>(i)]);
  });
  for (const detail::PieceBuffer& piece : pieces) text_ += piece.text();
}

/// Finds this rank's cut: the first two of the three exchanges of a round.
CsvShares::Cut CsvShares::cut_text(std::string& failure) {
  const char separator = scanner_.separator();
  Offer mine;
  mine.empty = text_.empty();
  mine.ends_line = text_.ends_with('\n');
  mine.quotes = detail::follow_quotes(text_, separator);
  const std::vector<Offer> offers = exchange(mine, failure, communicator_);

  Cut cut;
  QuoteState state = state_;
  bool at_record = open_record_.empty();
  for (std::size_t r = 0; r < offers.size(); ++r) {
    const Offer& offer = offers[r];
    const auto s = static_cast<std::size_t>(state);
    if (static_cast<int>(r) == communicator_.rank()) {
      const std::int64_t line = at_record ? 0 : offer.quotes.first_line[s];
      cut.has_boundary = line >= 0;
      cut.head = static_cast<std::size_t>(std::max<std::int64_t>(line, 0));
    }
    state = offer.quotes.end[s];
    if (offer.empty == 0) at_record = offer.ends_line != 0 && state == QuoteState::kFieldStart;
  }
  state_ = state;
  if (cut.has_boundary) {
    const auto body =
        detail::find_record_end(std::string_view(text_).substr(cut.head), separator, false);
    cut.end = cut.head + body.bytes;
    cut.n_rows = body.n_rows;
  }
  return cut;
}

/// Hands the unfinished record at the end of each text on to the rank that has the rest of it.
void CsvShares::give_out(const Cut& cut) {
  const std::size_t tail_bytes = text_.size() - cut.end;
  std::vector<std::byte> tail(1 + tail_bytes);
  tail[0] = static_cast<std::byte>(cut.has_boundary);
  if (tail_bytes > 0) std::memcpy(tail.data() + 1, text_.data() + cut.end, tail_bytes);
  const auto tails = communicator_.all_gather(tail);
  records_.clear();
  for (std::size_t r = 0; r < tails.size(); ++r) {
    const bool has_boundary = tails[r][0] != std::byte{0};
    if (static_cast<int>(r) == communicator_.rank() && has_boundary) records_ = open_record_;
    if (has_boundary) open_record_.clear();
    open_record_.append(reinterpret_cast<const char*>(tails[r].data()) + 1, tails[r].size() - 1);
  }
  SEMBLANCE_EXPECT(open_record_.size() < scanner_.rest().options->most_record_bytes, kData,
                   "{}: after row {}: a record is longer than {} bytes: is a quote left open?",
                   scanner_.path(), next_row_ - 1, scanner_.rest().options->most_record_bytes);
}

void CsvShares::end_round(std::int64_t my_rows) {
  const auto counts = communicator_.all_gather(std::as_bytes(std::span(&my_rows, 1)));
  for (std::size_t r = 0; r < counts.size(); ++r) {
    if (static_cast<int>(r) == communicator_.rank()) first_row_ = next_row_;
    std::int64_t n = 0;
    std::memcpy(&n, counts[r].data(), sizeof n);
    next_row_ += n;
  }
  first_round_ = false;
}

bool CsvShares::next(int threads) {
  if (over_) return false;
  std::string failure;
  try {
    fetch_text(threads);
  } catch (const base::Error& error) {
    text_.clear();
    failure = base::carry(error);
  }
  const Cut cut = cut_text(failure);
  give_out(cut);
  const char separator = scanner_.separator();
  std::int64_t rows = 0;
  if (cut.has_boundary) {
    records_.append(text_, 0, cut.head);
    rows = cut.n_rows + detail::find_record_end(records_, separator, true).n_rows;
    records_.append(text_, cut.head, cut.end - cut.head);
  }
  next_piece_ += communicator_.size() * pieces_a_share_;
  over_ = next_piece_ >= n_pieces_;
  if (over_ && communicator_.rank() + 1 == communicator_.size()) {
    rows += detail::find_record_end(open_record_, separator, true).n_rows;
    records_ += open_record_;
  }
  end_round(rows);
  return true;
}

}  // namespace semblance::table
