#include "kernels/row_hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kChunk = 1024;  ///< rows hashed at a time: their state stays in cache
constexpr std::int64_t kRowsPerRegion = 1 << 15;
constexpr int kMostRegionBits = 12;
constexpr std::int64_t kMostKept = 1 << 24;  ///< rows whose hashes are kept rather than made twice
constexpr std::uint64_t kNanWord = 0x7FF8000000000000u;

std::uint64_t word(double value) {
  if (value != value) return kNanWord;
  return std::bit_cast<std::uint64_t>(value + 0.0);  // -0.0 + 0.0 is +0.0
}
std::uint64_t word(float value) { return word(static_cast<double>(value)); }
std::uint64_t word(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::uint64_t word(std::int32_t value) {
  return value < 0 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(value);
}

/// Both halves of the 128-bit product, folded (the mixing step of wyhash, Wang Yi 2019).
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

void mix(RowHash& hash, std::uint64_t cell) {
  hash.low =
      fold(hash.low ^ cell ^ 0xA0761D6478BD642Fu, std::rotl(hash.low, 29) + 0xE7037ED1A0B428DBu);
  hash.high = fold(hash.high ^ std::rotl(cell, 32) ^ 0x8EBC6AF09C88C6E3u,
                   std::rotl(hash.high, 31) + cell + 0x589965CC75374CC3u);
}

std::size_t length(const CellColumn& column) {
  return std::visit([](const auto& cells) { return cells.size(); }, column);
}

void check(const CellRows& rows, const char* what) {
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    SEMBLANCE_EXPECT(
        rows.n_rows >= 0 && length(rows.columns[c]) == static_cast<std::size_t>(rows.n_rows),
        kUsage, "{}: column {} has {} cells where {} rows were given", what, c,
        length(rows.columns[c]), rows.n_rows);
  }
}

/// Pairs of rows that are perhaps equal.
struct RowPairs {
  std::vector<std::int64_t> a, b;
  void add(std::int64_t row_a, std::int64_t row_b) {
    a.push_back(row_a);
    b.push_back(row_b);
  }
};

/// Whether all cells of each pair are equal. Column by column, so that the loads of many pairs are
/// under way together.
std::vector<std::uint8_t> compare(const CellRows& rows_a, const CellRows& rows_b,
                                  const RowPairs& pairs) {
  std::vector<std::uint8_t> same(pairs.a.size(), 1);
  for (std::size_t c = 0; c < rows_a.columns.size(); ++c) {
    std::visit(
        [&](const auto& cells) {
          using Cells = std::decay_t<decltype(cells)>;
          const auto& others = std::get<Cells>(rows_b.columns[c]);
          for (std::size_t i = 0; i < same.size(); ++i) {
            same[i] &= word(cells[static_cast<std::size_t>(pairs.a[i])]) ==
                       word(others[static_cast<std::size_t>(pairs.b[i])]);
          }
        },
        rows_a.columns[c]);
  }
  return same;
}

bool same_rows(const CellRows& a, std::int64_t i, const CellRows& b, std::int64_t j) {
  RowPairs pair;
  pair.add(i, j);
  return compare(a, b, pair)[0] != 0;
}

std::int64_t n_chunks(std::int64_t rows) { return (rows + kChunk - 1) / kChunk; }

RowHash cut_to(RowHash hash, int bits) {
  const auto lowest = [](std::uint64_t word, int n) {
    return n >= 64 ? word : n <= 0 ? 0 : word & ((std::uint64_t{1} << n) - 1);
  };
  return {lowest(hash.low, bits), lowest(hash.high, bits - 64)};
}

}  // namespace

// Independent of the bits that place a hash in an index.
int share_of(const RowHash& hash, int n) {
  return static_cast<int>((static_cast<unsigned __int128>(hash.high) * static_cast<unsigned>(n)) >>
                          64);
}

void canonical_words(const CellColumn& column, std::int64_t first, std::span<std::int64_t> out) {
  std::visit(
      [&](const auto& cells) {
        const auto part = cells.subspan(static_cast<std::size_t>(first), out.size());
        for (std::size_t i = 0; i < out.size(); ++i)
          out[i] = static_cast<std::int64_t>(word(part[i]));
      },
      column);
}

void hash_rows(const CellRows& rows, std::int64_t first, std::span<RowHash> out) {
  check(rows, "hash_rows");
  SEMBLANCE_EXPECT(first >= 0 && first <= rows.n_rows &&
                       static_cast<std::int64_t>(out.size()) <= rows.n_rows - first,
                   kUsage, "hash_rows: rows {} to {} of a table of {} rows", first,
                   first + static_cast<std::int64_t>(out.size()), rows.n_rows);
  std::fill(out.begin(), out.end(), RowHash{0x243F6A8885A308D3u, 0x13198A2E03707344u});
  for (const CellColumn& column : rows.columns) {
    std::visit(
        [&](const auto& cells) {
          const auto part = cells.subspan(static_cast<std::size_t>(first), out.size());
          for (std::size_t i = 0; i < out.size(); ++i) mix(out[i], word(part[i]));
        },
        column);
  }
  for (RowHash& hash : out) mix(hash, rows.columns.size());
}

struct CopyIndex::Placement {
  std::int64_t n_batches, rows_per_batch;
  std::vector<std::uint64_t> next;   ///< [batches][regions] entry of the next row
  std::vector<std::uint64_t> begin;  ///< [regions + 1] first entry
  std::vector<RowHash> kept;         ///< [rows], or empty where that would be too much memory

  explicit Placement(std::int64_t n_rows, std::size_t n_regions)
      : n_batches(std::clamp<std::int64_t>(n_chunks(n_rows), 1, 64)),
        rows_per_batch(n_chunks((n_rows + n_batches - 1) / n_batches) * kChunk),
        next(static_cast<std::size_t>(n_batches) * n_regions, 0),
        begin(n_regions + 1, 0),
        kept(n_rows <= kMostKept ? static_cast<std::size_t>(n_rows) : 0) {}
};

CopyIndex::CopyIndex(CellRows references, int threads, int share, int n_shares,
                     std::vector<std::int64_t>* first_equal, int hash_bits)
    : references_(std::move(references)),
      share_(share),
      n_shares_(n_shares),
      hash_bits_(hash_bits) {
  check(references_, "CopyIndex");
  SEMBLANCE_EXPECT(references_.n_rows < std::numeric_limits<std::uint32_t>::max(), kUsage,
                   "CopyIndex: {} rows are too many for one index; give each its part of the table",
                   references_.n_rows);
  SEMBLANCE_EXPECT(n_shares >= 1 && share >= 0 && share < n_shares, kUsage,
                   "CopyIndex: share {} of {}", share, n_shares);
  while (region_bits_ < kMostRegionBits &&
         (kRowsPerRegion << region_bits_) < references_.n_rows / n_shares) {
    ++region_bits_;
  }
  const std::size_t n_regions = std::size_t{1} << region_bits_;
  Placement placement(references_.n_rows, n_regions);
  const std::vector<Entry> entries = place_entries(placement, threads);
  if (first_equal != nullptr) first_equal->assign(static_cast<std::size_t>(references_.n_rows), -1);
  std::vector<std::int64_t> distinct(n_regions);
  base::parallel_for(static_cast<std::int64_t>(n_regions), threads, [&](std::int64_t r) {
    const std::size_t region = static_cast<std::size_t>(r);
    const std::uint64_t begin = placement.begin[region], end = placement.begin[region + 1];
    distinct[region] =
        fill(regions_[region], std::span(entries).subspan(begin, end - begin), first_equal);
  });
  for (const std::int64_t n : distinct) n_distinct_ += n;
}

void CopyIndex::hash(const CellRows& rows, std::int64_t first, std::span<RowHash> out) const {
  hash_rows(rows, first, out);
  if (hash_bits_ >= 128) return;
  for (RowHash& one : out) one = cut_to(one, hash_bits_);
}

/// Calls body(hash, row) for the rows of a batch that are in this share.
template <class Body>
void CopyIndex::for_batch(Placement& placement, std::int64_t batch, bool again,
                          const Body& body) const {
  std::array<RowHash, kChunk> hashes;
  const std::int64_t last = std::min(references_.n_rows, (batch + 1) * placement.rows_per_batch);
  for (std::int64_t first = batch * placement.rows_per_batch; first < last; first += kChunk) {
    const bool keep = !placement.kept.empty();
    const std::span<RowHash> used(
        keep ? &placement.kept[static_cast<std::size_t>(first)] : hashes.data(),
        static_cast<std::size_t>(std::min(kChunk, last - first)));
    if (!again || !keep) hash(references_, first, used);
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (share_of(used[i], n_shares_) == share_)
        body(used[i], first + static_cast<std::int64_t>(i));
    }
  }
}

/// Entries region by region, in row order within each whatever the threads did; makes room for
/// the slots.
std::vector<CopyIndex::Entry> CopyIndex::place_entries(Placement& placement, int threads) {
  const std::size_t n_regions = placement.begin.size() - 1;
  const auto next_of = [&](std::int64_t batch) {
    return &placement.next[static_cast<std::size_t>(batch) * n_regions];
  };
  base::parallel_for(placement.n_batches, threads, [&](std::int64_t batch) {
    std::uint64_t* count = next_of(batch);
    for_batch(placement, batch, false,
              [&](const RowHash& hash, std::int64_t) { ++count[region_of(hash)]; });
  });
  std::uint64_t total = 0, slots = 0;
  for (std::size_t region = 0; region < n_regions; ++region) {
    placement.begin[region] = total;
    for (std::int64_t batch = 0; batch < placement.n_batches; ++batch)
      total += std::exchange(next_of(batch)[region], total);
    const std::uint64_t size = std::bit_ceil(2 * (total - placement.begin[region]) + 2);
    regions_.push_back({slots, size - 1});
    slots += size;
  }
  placement.begin[n_regions] = total;
  slots_.assign(slots, 0);
  std::vector<Entry> entries(total);
  base::parallel_for(placement.n_batches, threads, [&](std::int64_t batch) {
    std::uint64_t* next = next_of(batch);
    for_batch(placement, batch, true, [&](const RowHash& hash, std::int64_t row) {
      entries[next[region_of(hash)]++] = {hash.low, static_cast<std::uint32_t>(hash.high),
                                          static_cast<std::uint32_t>(row)};
    });
  });
  return entries;
}

/// Rows of the same tag are taken for equal at first and compared all at once; if a hash has
/// collided, the region is filled again with a comparison at each step.
std::int64_t CopyIndex::fill(const Region& region, std::span<const Entry> entries,
                             std::vector<std::int64_t>* first_equal) {
  std::int64_t distinct = 0;
  RowPairs pairs;
  const auto take_for_equal = [&](std::int64_t present, std::int64_t row) {
    pairs.add(present, row);
    return true;
  };
  const auto compared = [&](std::int64_t present, std::int64_t row) {
    return same_rows(references_, present, references_, row);
  };
  for (const Entry& entry : entries) distinct += insert(region, entry, take_for_equal, first_equal);
  const std::vector<std::uint8_t> same = compare(references_, references_, pairs);
  if (std::find(same.begin(), same.end(), 0) == same.end()) return distinct;
  std::fill_n(slots_.begin() + static_cast<std::ptrdiff_t>(region.begin), region.mask + 1, 0);
  distinct = 0;
  for (const Entry& entry : entries) distinct += insert(region, entry, compared, first_equal);
  return distinct;
}

/// True when the row differs from all before it. \param equal  (row present, row), of the same tag
template <class Equal>
bool CopyIndex::insert(const Region& region, const Entry& entry, const Equal& equal,
                       std::vector<std::int64_t>* first_equal) {
  std::int64_t present = entry.row;
  bool is_new = false;
  for (std::uint64_t i = entry.low & region.mask;; i = (i + 1) & region.mask) {
    std::uint64_t& slot = slots_[region.begin + i];
    if (slot == 0) {
      slot = std::uint64_t{entry.tag} << 32 | (std::uint64_t{entry.row} + 1);
      present = entry.row;
      is_new = true;
      break;
    }
    present = static_cast<std::int64_t>((slot & 0xFFFFFFFFu) - 1);
    if (slot >> 32 == entry.tag && equal(present, entry.row)) break;
  }
  if (first_equal != nullptr) (*first_equal)[entry.row] = present;
  return is_new;
}

/// The first row of the hash's tag for which equal(row) holds, or -1.
template <class Equal>
std::int64_t CopyIndex::probe(const RowHash& hash, const Equal& equal) const {
  const Region& region = regions_[region_of(hash)];
  for (std::uint64_t i = hash.low & region.mask;; i = (i + 1) & region.mask) {
    const std::uint64_t slot = slots_[region.begin + i];
    if (slot == 0) return -1;
    const auto present = static_cast<std::int64_t>((slot & 0xFFFFFFFFu) - 1);
    if (slot >> 32 == static_cast<std::uint32_t>(hash.high) && equal(present)) return present;
  }
}

std::vector<std::int64_t> CopyIndex::find(const CellRows& queries, int threads) const {
  check(queries, "CopyIndex::find");
  SEMBLANCE_EXPECT(queries.columns.size() == references_.columns.size(), kUsage,
                   "CopyIndex::find: {} columns where the index has {}", queries.columns.size(),
                   references_.columns.size());
  for (std::size_t c = 0; c < queries.columns.size(); ++c) {
    SEMBLANCE_EXPECT(queries.columns[c].index() == references_.columns[c].index(), kUsage,
                     "CopyIndex::find: column {} has another type than in the index", c);
  }
  std::vector<std::int64_t> found(static_cast<std::size_t>(queries.n_rows), -1);
  base::parallel_for(n_chunks(queries.n_rows), threads, [&](std::int64_t chunk) {
    std::array<RowHash, kChunk> hashes;
    const std::int64_t first = chunk * kChunk;
    const auto n = static_cast<std::size_t>(std::min(kChunk, queries.n_rows - first));
    hash(queries, first, std::span(hashes).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      const Region& region = regions_[region_of(hashes[i])];
      __builtin_prefetch(&slots_[region.begin + (hashes[i].low & region.mask)]);
    }
    RowPairs pairs;  // queries, counted from `first`, and their candidates
    for (std::size_t i = 0; i < n; ++i) {
      if (share_of(hashes[i], n_shares_) != share_) continue;
      const std::int64_t candidate = probe(hashes[i], [](std::int64_t) { return true; });
      if (candidate >= 0) pairs.add(first + static_cast<std::int64_t>(i), candidate);
    }
    const std::vector<std::uint8_t> same = compare(queries, references_, pairs);
    for (std::size_t k = 0; k < same.size(); ++k) {
      const std::int64_t row = pairs.a[k];
      found[static_cast<std::size_t>(row)] =
          same[k] != 0
              ? pairs.b[k]  // otherwise a hash has collided: look on
              : probe(hashes[static_cast<std::size_t>(row - first)], [&](std::int64_t other) {
                  return same_rows(queries, row, references_, other);
                });
    }
  });
  return found;
}

std::vector<std::int64_t> find_copies(const CellRows& queries, const CellRows& references,
                                      const CopyOptions& options) {
  constexpr std::size_t kBytesPerRow = 48;  // entry 16, slots up to 32
  const auto rows_at_once = std::max<std::size_t>(1, options.memory_bytes / kBytesPerRow);
  const auto n_shares =
      static_cast<int>(static_cast<std::size_t>(references.n_rows) / rows_at_once + 1);
  std::vector<std::int64_t> found(static_cast<std::size_t>(queries.n_rows), -1);
  for (int share = 0; share < n_shares; ++share) {
    const CopyIndex index(references, options.threads, share, n_shares, nullptr, options.hash_bits);
    const std::vector<std::int64_t> part = index.find(queries, options.threads);
    for (std::size_t i = 0; i < part.size(); ++i) found[i] = std::max(found[i], part[i]);
  }
  return found;
}

}  // namespace semblance::kernels
