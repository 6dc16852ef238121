#include "trainer/model_file.hpp"

#include <mutex>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hdf5.hpp"
#include "trainer/model.hpp"
#include "trainer/panel.hpp"

namespace semblance::trainer {
namespace {

constexpr char kFormat[] = "semblance-model";
constexpr std::int64_t kVersion = 1;

void write_training(hid_t file, const TrainingRecord& record) {
  const base::H5Handle group = base::h5_create_group(file, "training");
  base::h5_write_attribute(group.get(), "rows", record.rows);
  base::h5_write_attribute(group.get(), "seed", record.seed);
  base::h5_write_attribute(group.get(), "validation_loss", record.validation_loss);
  base::h5_write_attribute(group.get(), "ids_after", record.ids_after);
  base::h5_write<double>(group.get(), "log", record.log,
                         {static_cast<std::int64_t>(record.log.size() / 4), 4});
  base::h5_write_texts(group.get(), "token_columns", record.column_names);
  base::h5_write(group.get(), "column_loss", record.column_loss);
  const base::H5Handle settings = base::h5_create_group(group.get(), "settings");
  for (const auto& [name, text] : record.settings) {
    base::h5_write_attribute(settings.get(), name, text);
  }
}

class NetworkSampler : public Sampler {
 public:
  NetworkSampler(StoredNetwork network, const std::string& device)
      : network_(std::move(network)),
        columns_(network_.shape.columns()),
        rows_(kernels::make_row_sampler(decoder_weights(network_), device)) {}

  TokenMatrix sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                     int threads) const override {
    TokenMatrix out;
    out.n_rows = n_rows;
    out.n_columns = columns_;
    out.tokens.resize(static_cast<std::size_t>(n_rows * columns_));
    rows_->sample(first_row, n_rows, seed, threads, out.tokens.data());
    return out;
  }

  kernels::GivenTokens sample_given(const kernels::GivenRows& rows, int threads) const override {
    std::call_once(given_once_,
                   [this] { given_ = kernels::make_given_sampler(decoder_weights(network_)); });
    return given_->sample(rows, threads);
  }

 private:
  StoredNetwork network_;
  int columns_;
  std::unique_ptr<kernels::RowSampler> rows_;
  mutable std::once_flag given_once_;
  mutable std::unique_ptr<kernels::GivenSampler> given_;  // made when it is first asked for
};

/// The network's columns must be the codec's.
void check_match(const StoredNetwork& network, const Codec& codec) {
  const std::vector<TokenColumn>& columns = codec.token_columns();
  SEMBLANCE_EXPECT(columns.size() == network.order.size(), kData,
                   "the codec has {} token columns, but the network has {}", columns.size(),
                   network.order.size());
  for (std::size_t s = 0; s < network.order.size(); ++s) {
    const TokenColumn& column = columns[network.order[s]];
    SEMBLANCE_EXPECT(column.cardinality == network.shape.cardinalities[s], kData,
                     "column '{}' has {} tokens in the codec, but {} in the network", column.name,
                     column.cardinality, network.shape.cardinalities[s]);
  }
}

/// Lowers the logits of tokens that are not to be drawn.
void withhold(const Codec& codec, StoredNetwork& network) {
  // e^-40: never, and yet a given cell may have the token.
  constexpr float kHardlyEver = 40;
  const NetworkLayout layout(network.shape);
  float* bias = network.weights.data() + layout.offset(layout.head_bias);
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  std::vector<std::size_t> place(network.order.size());  // of a token column in the order
  for (std::size_t s = 0; s < place.size(); ++s)
    place[static_cast<std::size_t>(network.order[s])] = s;
  for (const auto& [column, token] : codec.withheld_tokens())
    bias[offsets[place[static_cast<std::size_t>(column)]] + token] -= kHardlyEver;
}

Model read_model(const std::string& path, const std::string& device) {
  const base::H5Handle file = base::h5_open(path);
  SEMBLANCE_EXPECT(base::h5_has_attribute(file.get(), "format") &&
                       base::h5_read_text_attribute(file.get(), "format") == kFormat,
                   kData, "not a model: a model is what 'semblance train' writes");
  const std::int64_t version = base::h5_read_int_attribute(file.get(), "version");
  SEMBLANCE_EXPECT(version == kVersion, kData,
                   "a model of version {}; this program reads version {}", version, kVersion);
  StoredNetwork network = read_network(base::h5_open_group(file.get(), "network").get());
  Codec codec = Codec::load(base::h5_open_group(file.get(), "codec").get());
  check_match(network, codec);
  withhold(codec, network);
  const base::H5Handle training = base::h5_open_group(file.get(), "training");
  const std::int64_t rows = base::h5_read_int_attribute(training.get(), "rows");
  const std::string decoder = network.shape.autoregressive ? "autoregressive" : "independent";
  PanelShape panel;
  if (network.shape.panel) {
    panel.entity = codec.schema().find(codec.schema().entity);
    panel.rows_column = codec.schema().find(kEntityRows);
    SEMBLANCE_EXPECT(panel.entity >= 0 && panel.rows_column >= 0, kData,
                     "the model is of entities, but its codec has no columns for them");
    panel.order = network.order;
    panel.shared = network.shape.shared;
    panel.ids_after = base::h5_read_int_attribute(training.get(), "ids_after");
  }
  return {std::move(codec),
          std::make_unique<NetworkSampler>(std::move(network), device),
          decoder,
          rows,
          base::sha256_of_path(path),
          std::move(panel)};
}

}  // namespace

kernels::GivenTokens Sampler::sample_given(const kernels::GivenRows&, int) const {
  base::fail(base::ErrorKind::kInternal, "this sampler knows no conditions");
}

void save_model(const std::string& path, const Codec& codec, const StoredNetwork& network,
                const TrainingRecord& record) {
  check_match(network, codec);
  base::PendingPath pending(path);
  {
    const base::H5Handle file = base::h5_create(pending.temporary());
    base::h5_write_attribute(file.get(), "format", std::string(kFormat));
    base::h5_write_attribute(file.get(), "version", kVersion);
    base::h5_write_attribute(file.get(), "program", std::string("semblance " SEMBLANCE_VERSION));
    write_network(base::h5_create_group(file.get(), "network").get(), network);
    codec.save(base::h5_create_group(file.get(), "codec").get());
    write_training(file.get(), record);
    base::h5_flush(file, path);
  }
  pending.commit();
}

Model load_model(const std::string& path, const std::string& device) {
  try {
    return read_model(path, device);
  } catch (const base::Error& e) {
    if (std::string_view(e.what()).starts_with(path)) throw;
    base::fail(e.kind(), "{}: {}", path, e.what());
  }
}

}  // namespace semblance::trainer
