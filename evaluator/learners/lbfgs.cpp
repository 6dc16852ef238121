#include "evaluator/learners/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>

namespace semblance::evaluator {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// One remembered step: s = x⁺ − x, y = g⁺ − g.
struct Step {
  Vector s, y;
  double rho = 0;
};

/// −H g by the two-loop recursion.
Vector direction_of(const std::deque<Step>& history, const Vector& gradient) {
  Vector q = gradient;
  std::vector<double> alpha(history.size());
  for (std::size_t k = history.size(); k-- > 0;) {
    alpha[k] = history[k].rho * dot(history[k].s, q);
    for (std::size_t j = 0; j < q.size(); ++j) q[j] -= alpha[k] * history[k].y[j];
  }
  if (!history.empty()) {
    const double scale = 1 / (history.back().rho * dot(history.back().y, history.back().y));
    for (double& v : q) v *= scale;
  }
  for (std::size_t k = 0; k < history.size(); ++k) {
    const double beta = history[k].rho * dot(history[k].y, q);
    for (std::size_t j = 0; j < q.size(); ++j) q[j] += (alpha[k] - beta) * history[k].s[j];
  }
  for (double& v : q) v = -v;
  return q;
}

/// The state along one line.
struct Trial {
  double length = 0, value = 0, slope = 0;
  Vector x, gradient;
};

class Line {
 public:
  Line(const Objective& objective, const Vector& x, const Vector& direction)
      : objective_(objective), x_(x), direction_(direction) {}
  Trial at(double length) const {
    Trial t{.length = length, .x = x_, .gradient = Vector(x_.size())};
    for (std::size_t j = 0; j < t.x.size(); ++j) t.x[j] += length * direction_[j];
    t.value = objective_(t.x, t.gradient);
    t.slope = dot(t.gradient, direction_);
    return t;
  }

 private:
  const Objective& objective_;
  const Vector& x_;
  const Vector& direction_;
};

/// The minimum of the cubic through two trials, kept inside them.
double cubic_minimum(const Trial& a, const Trial& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length);
  const double square = d1 * d1 - a.slope * b.slope;
  const double low = std::min(a.length, b.length), high = std::max(a.length, b.length);
  double guess = (low + high) / 2;
  if (square >= 0 && std::isfinite(square)) {
    const double d2 = std::copysign(std::sqrt(square), b.length - a.length);
    const double g =
        b.length - (b.length - a.length) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
    if (std::isfinite(g)) guess = g;
  }
  const double margin = 1e-3 * (high - low);
  return std::clamp(guess, low + margin, high - margin);
}

/// A step that meets the strong Wolfe conditions, or the best one found.
Trial line_search(const Line& line, const Trial& start, double length) {
  constexpr double kDecrease = 1e-3, kCurvature = 0.9;
  const auto too_high = [&](const Trial& t) {
    return !(t.value <= start.value + kDecrease * t.length * start.slope);
  };
  Trial low = start, high;
  bool bracketed = false;
  for (int k = 0; k < 20 && !bracketed; ++k) {
    Trial t = line.at(length);
    if (too_high(t) || (k > 0 && t.value >= low.value)) {
      high = std::move(t);
      bracketed = true;
    } else if (std::abs(t.slope) <= -kCurvature * start.slope) {
      return t;
    } else if (t.slope >= 0) {
      high = std::move(low);
      low = std::move(t);
      bracketed = true;
    } else {
      low = std::move(t);
      length *= 2;
    }
  }
  for (int k = 0; k < 100 && bracketed; ++k) {
    Trial t = line.at(cubic_minimum(low, high));
    if (too_high(t) || t.value >= low.value) {
      high = std::move(t);
    } else {
      if (std::abs(t.slope) <= -kCurvature * start.slope) return t;
      if (t.slope * (high.length - low.length) >= 0) high = std::move(low);
      low = std::move(t);
    }
    if (std::abs(high.length - low.length) <= 1e-14 * std::abs(high.length)) break;
  }
  return low;
}

}  // namespace

std::vector<double> minimise(const Objective& objective, std::vector<double> x,
                             const LbfgsOptions& options) {
  Trial now{.x = std::move(x)};
  now.gradient.resize(now.x.size());
  now.value = objective(now.x, now.gradient);
  std::deque<Step> history;
  for (int step = 0; step < options.most_steps; ++step) {
    double largest = 0, sum = 0;
    for (const double g : now.gradient) {
      largest = std::max(largest, std::abs(g));
      sum += std::abs(g);
    }
    if (largest <= options.gradient_tolerance) break;
    const Vector direction = direction_of(history, now.gradient);
    now.length = 0;
    now.slope = dot(now.gradient, direction);
    if (!(now.slope < 0)) break;
    const Vector from = now.x;
    Trial next = line_search(Line(objective, from, direction), now, step == 0 ? 1 / sum : 1.0);
    if (!(next.value < now.value)) break;
    Step taken{Vector(from.size()), Vector(from.size())};
    for (std::size_t j = 0; j < from.size(); ++j) {
      taken.s[j] = next.x[j] - now.x[j];
      taken.y[j] = next.gradient[j] - now.gradient[j];
    }
    const double curvature = dot(taken.s, taken.y);
    const double decrease =
        (now.value - next.value) / std::max({std::abs(now.value), std::abs(next.value), 1.0});
    now = std::move(next);
    if (decrease <= options.decrease_tolerance) break;
    if (curvature > 0 && std::isfinite(1 / curvature)) {
      taken.rho = 1 / curvature;
      history.push_back(std::move(taken));
      if (static_cast<int>(history.size()) > options.history) history.pop_front();
    }
  }
  return now.x;
}

}  // namespace semblance::evaluator
