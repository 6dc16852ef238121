/// Exact copies between tables: 128-bit hashes of canonical rows over any columns, and an index
/// that finds equal rows. A hash only proposes; every answer is verified by comparing all cells, so
/// a collision can never report a false copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace semblance::kernels {

/// One column, owned elsewhere. Cells are equal when their canonical words are: NaN equals NaN,
/// -0.0 equals 0.0, all negative int32 codes (missing) are one value; int64 compares bit by bit.
using CellColumn = std::variant<std::span<const double>, std::span<const std::int64_t>,
                                std::span<const std::int32_t>, std::span<const float>>;

/// Rows as columns of n_rows cells each; pass a subset of a table's columns to compare only those.
struct CellRows {
  std::int64_t n_rows = 0;          ///< of every column
  std::vector<CellColumn> columns;  ///< their order counts
};

/// 128 bits: two of 10^9 different rows have the same with a probability of about 10^-21.
struct RowHash {
  std::uint64_t low = 0, high = 0;  ///< both well mixed: any bits of them may be used
  friend bool operator==(const RowHash&, const RowHash&) = default;
};

/// Hashes of rows [first, first + out.size()). A function of the canonical cells and their order
/// alone: the same on every machine, for any chunking, usable to sort rows among ranks.
/// \throws Error{kUsage} when columns differ in length or the range is outside the table
void hash_rows(const CellRows& rows, std::int64_t first, std::span<RowHash> out);

/// Finds rows equal to given ones. Memory 24 to 40 bytes a reference row while it is built, 8 to 16
/// afterwards.
class CopyIndex {
 public:
  /// \param references       kept by reference to its cells, which must outlive the index; 0 rows
  ///                         allowed
  /// \param share, n_shares  index only the rows whose hash falls in this share of n_shares equal
  ///                         ones
  /// \param first_equal      when not null, receives for each row the smallest row equal to it
  ///                         (this share's rows; -1 for the others)
  /// \param hash_bits        bits of the hashes that are used; fewer make more work and change no
  ///                         answer (tests use few, so that different rows do collide)
  /// \throws Error{kUsage} for columns of unequal length or more than 2^32 - 2 rows
  explicit CopyIndex(CellRows references, int threads = 0, int share = 0, int n_shares = 1,
                     std::vector<std::int64_t>* first_equal = nullptr, int hash_bits = 128);

  /// For each query row the smallest equal reference row, or -1.
  /// \throws Error{kUsage} when the columns differ in number or type
  std::vector<std::int64_t> find(const CellRows& queries, int threads = 0) const;
  /// Rows, other shares' included.
  std::int64_t n_references() const { return references_.n_rows; }
  /// Reference rows that differ from all before them (in this share).
  std::int64_t n_distinct() const { return n_distinct_; }

 private:
  struct Region {
    std::uint64_t begin = 0,
                  mask = 0;  ///< slots [begin, begin + mask], or none when slots_ is empty
  };
  struct Entry {
    std::uint64_t low;
    std::uint32_t tag, row;
  };
  /// References cut into batches for threads, and where the entries of each go.
  struct Placement;
  std::size_t region_of(const RowHash& hash) const {
    return region_bits_ == 0 ? 0 : static_cast<std::size_t>(hash.low >> (64 - region_bits_));
  }
  /// Hashes of rows, cut to hash_bits_.
  void hash(const CellRows& rows, std::int64_t first, std::span<RowHash> out) const;
  template <class Body>
  void for_batch(Placement& placement, std::int64_t batch, bool again, const Body& body) const;
  std::vector<Entry> place_entries(Placement& placement, int threads);
  std::int64_t fill(const Region& region, std::span<const Entry> entries,
                    std::vector<std::int64_t>* first_equal);
  template <class Equal>
  bool insert(const Region& region, const Entry& entry, const Equal& equal,
              std::vector<std::int64_t>* first_equal);
  template <class Equal>
  std::int64_t probe(const RowHash& hash, const Equal& equal) const;

  CellRows references_;
  int share_, n_shares_, hash_bits_;
  int region_bits_ = 0;
  std::vector<Region> regions_;
  std::vector<std::uint64_t> slots_;  ///< tag << 32 | row + 1; 0 is empty
  std::int64_t n_distinct_ = 0;
};

/// How much find_copies() may use.
struct CopyOptions {
  int threads = 0;  ///< 0 for all
  std::size_t memory_bytes = std::size_t{2}
                             << 30;  ///< for the index; more references take more passes
  int hash_bits = 128;               ///< as CopyIndex
};

/// The word of each cell by which cells are compared and hashed: equal for equal cells.
void canonical_words(const CellColumn& column, std::int64_t first, std::span<std::int64_t> out);

/// Which of n equal shares of the hashes this one is in, 0 to n - 1.
int share_of(const RowHash& hash, int n);

/// For each query row the smallest equal reference row, or -1, with an index of bounded size: the
/// references are taken in as many shares of the hash as memory asks for.
std::vector<std::int64_t> find_copies(const CellRows& queries, const CellRows& references,
                                      const CopyOptions& options = {});

}  // namespace semblance::kernels
