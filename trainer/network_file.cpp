#include "trainer/network_file.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/hdf5.hpp"

namespace semblance::trainer {
namespace {

int read_size(hid_t group, const char* name, int most) {
  const std::int64_t value = base::h5_read_int_attribute(group, name);
  SEMBLANCE_EXPECT(value >= 0 && value <= most, kData,
                   "/network attribute '{}' is {}; it must lie in 0..{}", name, value, most);
  return static_cast<int>(value);
}

std::vector<int> read_ints(hid_t group, const char* name) {
  constexpr std::int64_t kMostColumns = 1 << 16;
  return base::h5_read<int>(group, name, nullptr, kMostColumns);
}

/// The tables of /network/pairs, in the order of their columns.
void read_pairs(hid_t group, StoredNetwork& network) {
  const base::H5Handle pairs = base::h5_open_group(group, "pairs");
  const std::vector<int> given = read_ints(pairs.get(), "given"),
                         column = read_ints(pairs.get(), "column");
  SEMBLANCE_EXPECT(given.size() == column.size(), kData,
                   "/network/pairs has {} given columns of {} columns", given.size(),
                   column.size());
  const int columns = network.shape.columns();
  std::set<std::pair<int, int>> known;
  std::int64_t cells = 0;
  for (std::size_t p = 0; p < given.size(); ++p) {
    SEMBLANCE_EXPECT(given[p] >= 0 && given[p] < column[p] && column[p] < columns, kData,
                     "/network/pairs has a table for columns {} and {} of {}", given[p], column[p],
                     columns);
    const std::vector<std::int64_t> sizes = {network.shape.cardinalities[given[p]],
                                             network.shape.cardinalities[column[p]]};
    cells += sizes[0] * sizes[1];
    SEMBLANCE_EXPECT(cells <= kMostPairCells && known.insert({given[p], column[p]}).second, kData,
                     "/network/pairs has too large tables, or two for columns {} and {}", given[p],
                     column[p]);
    std::vector<std::int64_t> dims;
    std::vector<float> values =
        base::h5_read<float>(pairs.get(), fmt::format("{}", p), &dims, sizes[0] * sizes[1]);
    SEMBLANCE_EXPECT(dims == sizes && std::all_of(values.begin(), values.end(),
                                                  [](float v) { return std::isfinite(v); }),
                     kData, "/network/pairs/{} must hold {} x {} numbers", p, sizes[0], sizes[1]);
    network.pairs.push_back({given[p], column[p], std::move(values)});
  }
}

}  // namespace

void write_network(hid_t group, const StoredNetwork& network) {
  const NetworkShape& shape = network.shape;
  const NetworkLayout layout(shape);
  SEMBLANCE_ASSERT(static_cast<std::int64_t>(network.weights.size()) == layout.size);
  base::h5_write_attribute(group, "decoder",
                           std::string(shape.autoregressive ? "autoregressive" : "independent"));
  const auto write_size = [&](const char* name, int value) {
    base::h5_write_attribute(group, name, static_cast<std::int64_t>(value));
  };
  write_size("latent", shape.latent);
  write_size("hidden", shape.hidden);
  write_size("blocks", shape.blocks);
  write_size("block_width", shape.block_width);
  write_size("encoder", shape.encoder);
  write_size("panel", shape.panel ? 1 : 0);
  write_size("shared", shape.shared);
  base::h5_write(group, "cardinalities", shape.cardinalities);
  base::h5_write(group, "order", network.order);
  const base::H5Handle arrays = base::h5_create_group(group, "weights");
  for (const Parameter& p : layout.parameters) {
    base::h5_write<float>(arrays.get(), p.name,
                          std::span(network.weights).subspan(p.offset, p.size()),
                          {p.rows, p.columns});
  }
  const base::H5Handle pairs = base::h5_create_group(group, "pairs");
  std::vector<int> given, column;
  for (const PairCorrection& pair : network.pairs) {
    base::h5_write<float>(pairs.get(), fmt::format("{}", given.size()), pair.values,
                          {shape.cardinalities[pair.given], shape.cardinalities[pair.column]});
    given.push_back(pair.given);
    column.push_back(pair.column);
  }
  base::h5_write(pairs.get(), "given", given);
  base::h5_write(pairs.get(), "column", column);
}

StoredNetwork read_network(hid_t group) {
  constexpr int kMostWidth = 1 << 14;
  StoredNetwork network;
  NetworkShape& shape = network.shape;
  const std::string decoder = base::h5_read_text_attribute(group, "decoder");
  SEMBLANCE_EXPECT(decoder == "autoregressive" || decoder == "independent", kData,
                   "/network attribute 'decoder' is '{}'; it must be autoregressive or independent",
                   decoder);
  shape.autoregressive = decoder == "autoregressive";
  shape.latent = read_size(group, "latent", kMostWidth);
  shape.hidden = read_size(group, "hidden", kMostWidth);
  shape.blocks = read_size(group, "blocks", 16);
  shape.block_width = read_size(group, "block_width", kMostWidth);
  shape.encoder = read_size(group, "encoder", kMostWidth);
  if (base::h5_has_attribute(group, "panel")) {  // not in older models
    shape.panel = read_size(group, "panel", 1) != 0;
    shape.shared = read_size(group, "shared", 1 << 16);
  }
  shape.cardinalities = read_ints(group, "cardinalities");
  network.order = read_ints(group, "order");
  const NetworkLayout layout(shape);  // checks the sizes
  network.weights.reserve(static_cast<std::size_t>(layout.size));
  const base::H5Handle arrays = base::h5_open_group(group, "weights");
  for (const Parameter& p : layout.parameters) {
    std::vector<std::int64_t> dims;
    const std::vector<float> values = base::h5_read<float>(arrays.get(), p.name, &dims, p.size());
    SEMBLANCE_EXPECT(dims == (std::vector<std::int64_t>{p.rows, p.columns}), kData,
                     "/network/weights/{} must be {} x {}", p.name, p.rows, p.columns);
    SEMBLANCE_EXPECT(
        std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }), kData,
        "/network/weights/{} holds a value that is not a number", p.name);
    network.weights.insert(network.weights.end(), values.begin(), values.end());
  }
  if (base::h5_exists(group, "pairs")) read_pairs(group, network);  // not in older models
  kernels::check(decoder_weights(network));
  return network;
}

kernels::DecoderWeights decoder_weights(const StoredNetwork& network) {
  const NetworkShape& shape = network.shape;
  const NetworkLayout layout(shape);
  const auto part = [&](int index) {
    if (index < 0) return std::span<const float>();
    const Parameter& p = layout.parameters[index];
    return std::span<const float>(network.weights).subspan(p.offset, p.size());
  };
  kernels::DecoderWeights out;
  out.autoregressive = shape.autoregressive;
  out.cardinalities = shape.cardinalities;
  out.order = network.order;
  out.latent = shape.latent;
  out.hidden = shape.hidden;
  out.block_width = shape.block_width;
  out.latent_in = part(layout.latent);
  out.column_bias = part(layout.column_bias);
  out.embedding = part(layout.embedding);
  for (const NetworkLayout::Block& block : layout.blocks) {
    out.blocks.push_back({part(block.in), part(block.bias), part(block.out)});
  }
  out.head = part(layout.head);
  out.head_bias = part(layout.head_bias);
  out.previous = part(layout.previous);
  out.position = part(layout.position);
  out.transition = part(layout.transition);
  out.recall = part(layout.recall);
  out.stay_gate = part(layout.stay_gate);
  out.shared = shape.shared;
  for (const PairCorrection& pair : network.pairs)
    out.pairs.push_back({pair.given, pair.column, pair.values});
  return out;
}

}  // namespace semblance::trainer
