/// Minimisation by limited-memory BFGS (Nocedal and Wright, algorithms 7.4, 7.5, 3.5 and 3.6).
#pragma once

#include <functional>
#include <vector>

namespace semblance::evaluator {

/// When to stop, and how many steps to remember.
struct LbfgsOptions {
  int most_steps = 300;                 ///< line searches at most
  double gradient_tolerance = 1e-4;     ///< largest gradient entry
  double decrease_tolerance = 1.4e-14;  ///< relative decrease of a step
  int history = 10;                     ///< steps that shape the next direction
};

/// The value at x; fills `gradient`.
using Objective =
    std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

/// Steps from x until a tolerance is met, the steps run out, or no step decreases the value. The
/// first step is 1 / |gradient|₁ long, as scipy's.
std::vector<double> minimise(const Objective& objective, std::vector<double> x,
                             const LbfgsOptions& options = {});

}  // namespace semblance::evaluator
