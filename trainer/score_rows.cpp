#include "trainer/score_rows.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/parallel.hpp"
#include "trainer/network_file.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kRows = 256;  ///< of a pass

TokenRows tokens_of(const Codec& codec, const std::vector<int>& order, const table::Table& rows) {
  const TokenMatrix matrix = codec.encode(rows);
  TokenRows out{.n_rows = matrix.n_rows, .n_columns = matrix.n_columns};
  out.tokens.resize(matrix.tokens.size());
  for (int s = 0; s < out.n_columns; ++s) {
    const std::uint16_t* column = matrix.column(order[static_cast<std::size_t>(s)]);
    for (std::int64_t r = 0; r < out.n_rows; ++r) out.tokens[r * out.n_columns + s] = column[r];
  }
  return out;
}

}  // namespace

std::vector<float> score_rows(const std::string& model, const table::Table& rows, int threads) {
  const base::H5Handle file = base::h5_open(model);
  const StoredNetwork network = read_network(base::h5_open_group(file.get(), "network").get());
  const Codec codec = Codec::load(base::h5_open_group(file.get(), "codec").get());
  SEMBLANCE_EXPECT(codec.token_columns().size() == network.order.size(), kData,
                   "{}: codec and network have different columns", model);
  const TokenRows tokens = tokens_of(codec, network.order, rows);
  std::vector<float> scores(static_cast<std::size_t>(tokens.n_rows));
  const std::int64_t passes = (tokens.n_rows + kRows - 1) / kRows;
  base::parallel_for(passes, threads, [&](std::int64_t p) {
    std::vector<std::int64_t> chosen(
        static_cast<std::size_t>(std::min(kRows, tokens.n_rows - p * kRows)));
    std::iota(chosen.begin(), chosen.end(), p * kRows);
    std::vector<double> loss(chosen.size());
    TrainingStep step(network.shape, kRows);
    step.row_losses(network.weights.data(), tokens, chosen, {}, loss.data());
    for (std::size_t i = 0; i < loss.size(); ++i)
      scores[static_cast<std::size_t>(chosen[i])] = static_cast<float>(-loss[i]);
  });
  return scores;
}

TrainOptions training_options(const std::string& model) {
  const base::H5Handle file = base::h5_open(model);
  const base::H5Handle training = base::h5_open_group(file.get(), "training");
  const base::H5Handle settings = base::h5_open_group(training.get(), "settings");
  TrainOptions options;
  base::SettingList list;
  add_settings(list, options);
  for (const base::Setting& setting : list.all()) {
    if (base::h5_has_attribute(settings.get(), setting.name))
      list.set(setting.name, base::h5_read_text_attribute(settings.get(), setting.name));
  }
  if (base::h5_has_attribute(settings.get(), "chosen_blocks")) {
    const std::string text = base::h5_read_text_attribute(settings.get(), "chosen_blocks");
    std::from_chars(text.data(), text.data() + text.size(), options.blocks);
  }
  return options;
}

}  // namespace semblance::trainer
