/// Attacks a kind of generator as somebody could who is able to train it: many small copies are
/// trained on random halves of the real rows, and what they tell of people who were in or out is
/// held against each other.
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::pipeline {

/// Files, and how much work to put in.
struct AttackOptions {
  std::string real;             ///< table that the model was trained on
  std::string holdout;          ///< rows of the same population that it never saw
  std::string metadata;         ///< path of a metadata YAML; "" to infer
  std::string model;            ///< model.h5: its settings train the shadow models
  std::string output;           ///< attack.json, for `evaluate --attack-file`
  std::string person;           ///< column that tells whose row it is; "": as the metadata says
  int models = 16;              ///< trained models, each attacked with the others as its shadows
  std::int64_t rows = 50000;    ///< most rows of both tables together
  double delta = 1e-5;          ///< of the one-run bound on ε
  std::string device = "auto";  ///< of trainings and generations
  int threads = 0;              ///< 0: default_threads()
  std::uint64_t seed = 1;       ///< of the choice of rows, the coins and the trainings
};
/// The settings above as they are named in a configuration's `attack:` section (paths excluded).
void add_settings(base::SettingList& list, AttackOptions& options);

/// What can be told of the settings without the tables. \throws Error{kData} naming the setting
void check_settings(const AttackOptions& options);

/// Trains, scores and writes attack.json (docs/REPORT.md). Each rank trains its share of the
/// models; the result does not depend on the number of ranks or threads. \throws Error{kData} for
/// fewer than 4 models, fewer than 40 people, no holdout rows, or a `person`
///         that is no column; and whatever training, generating and reading throw
void attack(const AttackOptions& options, base::Communicator& communicator);

}  // namespace semblance::pipeline
