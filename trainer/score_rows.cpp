#include "trainer/score_rows.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/parallel.hpp"
#include "trainer/generation_order.hpp"
#include "trainer/network_file.hpp"
#include "trainer/panel.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kRows = 256;  ///< of a pass

/// Rows as the network reads them. \param order  set to where each row stood in the table
TokenRows tokens_of(const Codec& codec, const StoredNetwork& network, const table::Table& rows,
                    std::vector<std::int64_t>& order) {
  Panel panel;
  order.resize(static_cast<std::size_t>(rows.n_rows()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (network.shape.panel) {
    table::Schema schema = codec.schema();
    std::erase_if(schema.columns,
                  [](const table::ColumnSpec& spec) { return spec.name == kEntityRows; });
    schema.entity_constants.clear();
    panel = prepare_panel(rows, schema);
    order = panel.order;
  }
  const TokenMatrix matrix = codec.encode(network.shape.panel ? panel.rows : rows);
  TokenRows out = by_rows(matrix, network.order, 0);
  if (network.shape.panel) {
    out.entity = panel.entity_of(0, out.n_rows);
    panel.places(0, out.n_rows, out.index, out.size);
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
  std::vector<std::int64_t> order;
  const TokenRows tokens = tokens_of(codec, network, rows, order);
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
      scores[static_cast<std::size_t>(order[static_cast<std::size_t>(chosen[i])])] =
          static_cast<float>(-loss[i]);
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
