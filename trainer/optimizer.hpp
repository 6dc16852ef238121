/// AdamW over the flat parameters (Loshchilov and Hutter, "Decoupled weight decay", ICLR 2019).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/network.hpp"

namespace semblance::trainer {

/// The numbers of one step.
struct AdamSettings {
  double learning_rate = 4e-3;  ///< of this step, the schedule applied
  double weight_decay = 0.3;    ///< times the learning rate, of weights that decay
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< shares that the running means keep
  /// In matrices with a row a token, this many times the mean of the matrix's squared gradients is
  /// added to each of them. Adam alone moves the row of a token seen in few rows as far as any;
  /// this lets it move as far as its gradient is large beside the others'.
  double shrinkage = 0;
};

/// The optimizer's state; the weights are the caller's.
class AdamW {
 public:
  /// \param more  further numbers behind the layout's parameters; they do not decay
  AdamW(const NetworkLayout& layout, std::int64_t more);
  /// One step; the gradient is multiplied by `gradient_scale` first (clipping).
  void step(std::span<const float> gradient, double gradient_scale, const AdamSettings& settings,
            std::span<float> weights);

  /// What a checkpoint keeps.
  std::vector<float> first, second;  ///< running means of the gradient and of its square
  std::int64_t steps = 0;            ///< done so far; decides the bias correction

 private:
  std::vector<Parameter> parameters_;
};

/// Euclidean norm, summed in double in a fixed order.
double norm(std::span<const float> values);

/// One-cycle schedule: linear warm-up over the first tenth, then a cosine down to nothing.
/// \param progress  share of the training that is done, in [0, 1]
double one_cycle(double progress);

}  // namespace semblance::trainer
