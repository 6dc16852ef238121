/// A trained model: codec and network, as kept in model.h5 (layout: docs/FORMAT.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/sample_given.hpp"
#include "trainer/codec.hpp"

namespace semblance::trainer {

/// Draws tokens from the learned distribution. Needs no LibTorch: the weights are plain arrays.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// Tokens of rows [first_row, first_row + n_rows). A row's tokens depend on (model, seed, row)
  /// alone: not on n_rows, threads or ranks.
  virtual TokenMatrix sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                             int threads) const = 0;
  /// Rows under conditions, on the CPU: see kernels::GivenSampler.
  /// \throws Error{kInternal} by samplers that know no conditions
  virtual kernels::GivenTokens sample_given(const kernels::GivenRows& rows, int threads) const;
};

/// What a model of entities (rows that belong together) tells beside the codec.
struct PanelShape {
  int entity = -1;             ///< the entity's column in the codec's schema; -1: rows stand alone
  int rows_column = -1;        ///< kEntityRows in the codec's schema
  std::vector<int> order;      ///< token columns in the order of generation
  int shared = 0;              ///< how many of them, from the first on, belong to the entity
  std::int64_t ids_after = 0;  ///< new identifiers are whole numbers above this
  /// False for a model whose rows stand alone.
  bool exists() const { return entity >= 0; }
};

/// A model file in memory, ready to generate.
struct Model {
  Codec codec;                       ///< decodes what the sampler draws
  std::unique_ptr<Sampler> sampler;  ///< its token columns are those of `codec`
  std::string decoder;               ///< "autoregressive" or "independent"
  std::int64_t trained_rows = 0;     ///< rows of the training table, validation rows included
  std::string sha256;                ///< of the model file
  PanelShape panel;                  ///< of a model of entities
};

/// \param device  where to sample: as base::Device::name()
/// \throws Error{kIo}, Error{kData} when the file is damaged or not a model
Model load_model(const std::string& path, const std::string& device = "cpu");

}  // namespace semblance::trainer
