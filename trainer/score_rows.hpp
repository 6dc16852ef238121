/// How likely a model finds rows: what an attacker who holds the model file can ask it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"
#include "trainer/train.hpp"

namespace semblance::trainer {

/// The evidence lower bound of each row, in nats, higher for rows that fit better; of the row's
/// tokens, so cells of one bin count the same.
/// \param model  path of a model file
/// \param rows   with the columns of the model's schema, by name
/// \throws Error{kIo}, Error{kData} as load_model and Codec::encode
std::vector<float> score_rows(const std::string& model, const table::Table& rows, int threads);

/// The settings that a model was trained with, the number of residual blocks as it was chosen;
/// paths, device and threads are left as they are by default.
/// \throws Error{kIo}, Error{kData} when the file is not a model
TrainOptions training_options(const std::string& model);

}  // namespace semblance::trainer
