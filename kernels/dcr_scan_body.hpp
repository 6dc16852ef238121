/// \file
/// The body of dcr_scan.hpp, included by one source file for each instruction set after it has
/// defined `Lanes` (64 bytes) and `WideLanes` (64 16-bit numbers) in its own unnamed namespace.
/// Nothing here may call an inline function that other source files share: it would be compiled
/// with this file's instruction set.

template <class Add>
inline __attribute__((always_inline)) void each_row_range(const ScanProgram& p,
                                                          const std::uint8_t* group, Add& add) {
  for (const RangeOp* op = p.row_ranges.first; op != p.row_ranges.last; ++op) {
    const Lanes row = Lanes::load(group + op->offset);
    if (add(row.minus(Lanes::splat(op->above)).plus(Lanes::splat(op->below).minus(row)))) return;
  }
  for (const RangeOp* op = p.row_missing_ranges.first; op != p.row_missing_ranges.last; ++op) {
    const Lanes row = Lanes::load(group + op->offset);
    const Lanes difference =
        row.minus(Lanes::splat(op->above)).plus(Lanes::splat(op->below).minus(row));
    if (add(difference.replaced_where_equal(row, kMissingSplat, op->cost))) return;
  }
}

template <class Add>
inline __attribute__((always_inline)) void each_box_range(const ScanProgram& p,
                                                          const std::uint8_t* group, Add& add) {
  const auto difference = [&](const RangeOp& op) {
    const Lanes low = Lanes::load(group + op.offset),
                high = Lanes::load(group + op.offset + kLanes);
    return low.minus(Lanes::splat(op.above)).plus(Lanes::splat(op.below).minus(high));
  };
  for (const RangeOp* op = p.box_ranges.first; op != p.box_ranges.last; ++op) {
    if (add(difference(*op))) return;
  }
  for (const RangeOp* op = p.box_missing_ranges.first; op != p.box_missing_ranges.last; ++op) {
    if (add(difference(*op).min(Lanes::splat(op->cost)))) return;
  }
}

/// Adds columns in 8-bit lanes; gives up as soon as no lane can be within the limit.
struct NarrowSum {
  Lanes sum;
  std::uint32_t limit;
  int until_check = 3;
  bool dead = false;
  bool operator()(const Lanes& levels) {
    sum = sum.plus(levels);
    if (--until_check > 0) return false;
    until_check = 3;
    dead = sum.at_most(limit) == 0;
    return dead;
  }
};

/// Adds columns in 8-bit lanes as long as they cannot overflow, then in 16-bit lanes.
struct WideSum {
  WideLanes sum;
  Lanes part = Lanes::splat(0);
  std::uint32_t limit;
  int columns, until_flush, until_check = 4;
  bool dead = false;
  bool operator()(const Lanes& levels) {
    part = part.plus(levels);
    if (--until_flush > 0) return false;
    sum = sum.plus(part);
    part = Lanes::splat(0);
    until_flush = columns;
    if (--until_check > 0) return false;
    until_check = 4;
    dead = sum.at_most(limit) == 0;
    return dead;
  }
};

template <class Each>
inline __attribute__((always_inline)) std::uint64_t run(const ScanProgram& p, std::uint32_t limit,
                                                        std::uint16_t* levels, const Each& each) {
  if (limit <= kMostNarrow) {
    if (p.base > limit) return 0;
    NarrowSum sum{Lanes::splat(p.base * 0x01010101u), limit};
    each(sum);
    if (sum.dead) return 0;
    const std::uint64_t mask = sum.sum.at_most(limit);
    if (mask != 0) WideLanes::splat(0).plus(sum.sum).store(levels);
    return mask;
  }
  WideSum sum{WideLanes::splat(p.base), Lanes::splat(0), limit, p.narrow_columns, p.narrow_columns};
  each(sum);
  if (sum.dead) return 0;
  const WideLanes total = sum.sum.plus(sum.part);
  const std::uint64_t mask = total.at_most(limit);
  if (mask != 0) total.store(levels);
  return mask;
}

std::uint64_t scan_rows(const ScanProgram& p, const std::uint8_t* group, std::uint32_t limit,
                        std::uint16_t* levels) {
  return run(
      p, limit, levels, [&](auto& add) __attribute__((always_inline)) {
        for (const EqualOp* op = p.equal.first; op != p.equal.last; ++op) {
          if (add(Lanes::load(group + op->offset).cost_where_different(op->value, op->cost)))
            return;
        }
        each_row_range(p, group, add);
      });
}

std::uint64_t scan_boxes(const ScanProgram& p, const std::uint8_t* group, std::uint32_t limit,
                         std::uint16_t* levels) {
  return run(
      p, limit, levels, [&](auto& add) __attribute__((always_inline)) {
        for (const PresentOp* op = p.present.first; op != p.present.last; ++op) {
          std::uint64_t mask;
          __builtin_memcpy(&mask, group + op->offset, sizeof mask);
          if (add(Lanes::cost_where_clear(mask, op->cost))) return;
        }
        each_box_range(p, group, add);
      });
}
