#include "evaluator/learners/linear_models.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/philox.hpp"

namespace semblance::evaluator {
namespace {

/// A symmetric matrix, lower triangle, row-major in full storage.
struct Symmetric {
  std::size_t n;
  std::vector<double> cells;
  explicit Symmetric(std::size_t size) : n(size), cells(size * size) {}
  double& at(std::size_t i, std::size_t j) { return cells[i * n + j]; }
  double at(std::size_t i, std::size_t j) const { return cells[i * n + j]; }
};

/// Adds weight · x xᵀ of a row with the intercept in place 0.
void add_outer(Symmetric& matrix, const SparseRows& rows, std::int64_t row, double weight) {
  const std::size_t first = rows.begin[static_cast<std::size_t>(row)],
                    last = rows.begin[static_cast<std::size_t>(row) + 1];
  matrix.at(0, 0) += weight;
  for (std::size_t e = first; e < last; ++e) {
    const auto i = static_cast<std::size_t>(rows.index[e]) + 1;
    const double w = weight * rows.value[e];
    matrix.at(i, 0) += w;
    for (std::size_t f = first; f <= e; ++f) {
      const auto j = static_cast<std::size_t>(rows.index[f]) + 1;
      matrix.at(std::max(i, j), std::min(i, j)) += w * rows.value[f];
    }
  }
}

void add_scaled(std::vector<double>& vector, const SparseRows& rows, std::int64_t row,
                double factor) {
  vector[0] += factor;
  for (std::size_t e = rows.begin[static_cast<std::size_t>(row)];
       e < rows.begin[static_cast<std::size_t>(row) + 1]; ++e) {
    vector[static_cast<std::size_t>(rows.index[e]) + 1] += factor * rows.value[e];
  }
}

/// In-place Cholesky factor; pivots below tolerance · their diagonal are dependent and get an
/// infinite pivot, so that their solution is 0. Returns the number of independent columns.
int factorise(Symmetric& a, double tolerance) {
  const std::size_t n = a.n;
  std::vector<double> diagonal(n);
  for (std::size_t j = 0; j < n; ++j) diagonal[j] = a.at(j, j);
  int rank = 0;
  for (std::size_t j = 0; j < n; ++j) {
    double pivot = a.at(j, j);
    const double* row_j = &a.cells[j * n];
    for (std::size_t k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
    const bool independent = pivot > tolerance * diagonal[j] && pivot > 0;
    rank += independent;
    const double root = independent ? std::sqrt(pivot) : std::numeric_limits<double>::infinity();
    a.at(j, j) = root;
    for (std::size_t i = j + 1; i < n; ++i) {
      const double* row_i = &a.cells[i * n];
      double sum = a.at(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      a.at(i, j) = independent ? sum / root : 0;
    }
  }
  return rank;
}

std::vector<double> solve(const Symmetric& factor, std::vector<double> right) {
  const std::size_t n = factor.n;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) right[i] -= factor.at(i, k) * right[k];
    right[i] /= factor.at(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) right[i] -= factor.at(k, i) * right[k];
    right[i] /= factor.at(i, i);
  }
  return right;
}

/// Square roots of the diagonal of the inverse times `scale`; NaN for dependent columns.
std::vector<double> errors_of(const Symmetric& factor, double scale) {
  std::vector<double> out(factor.n, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t j = 0; j < factor.n; ++j) {
    if (std::isinf(factor.at(j, j))) continue;
    // Column j of L⁻¹: the inverse's diagonal is the sum of its squares.
    std::vector<double> column(factor.n);
    double sum = 0;
    for (std::size_t i = j; i < factor.n; ++i) {
      double value = i == j ? 1 : 0;
      for (std::size_t k = j; k < i; ++k) value -= factor.at(i, k) * column[k];
      column[i] = value / factor.at(i, i);
      sum += column[i] * column[i];
    }
    out[j] = std::sqrt(sum * scale);
  }
  return out;
}

constexpr double kDependent = 1e-9;

/// Independent features besides the intercept. \param cells  sums of products before any ridge,
/// which would make copies of a feature count
int features_rank(Symmetric cells) { return factorise(cells, kDependent) - 1; }

double penalised_deviance(const LinearModel& model, const SparseRows& rows,
                          std::span<const double> labels, double ridge) {
  double sum = 0;
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) {
    const double eta = model.score(rows, i);
    sum += std::log1p(std::exp(-std::abs(eta))) + std::max(eta, 0.0) -
           labels[static_cast<std::size_t>(i)] * eta;
  }
  for (std::size_t j = 1; j < model.coefficient.size(); ++j) {
    sum += ridge / 2 * model.coefficient[j] * model.coefficient[j];
  }
  return sum;
}

}  // namespace

double logistic(double eta) { return 1 / (1 + std::exp(-eta)); }

double LinearModel::score(const SparseRows& rows, std::int64_t row) const {
  double eta = coefficient[0];
  for (std::size_t e = rows.begin[static_cast<std::size_t>(row)];
       e < rows.begin[static_cast<std::size_t>(row) + 1]; ++e) {
    eta += coefficient[static_cast<std::size_t>(rows.index[e]) + 1] * rows.value[e];
  }
  return eta;
}

LinearModel fit_logistic(const SparseRows& rows, std::span<const double> labels, double ridge) {
  constexpr int kMostSteps = 30;
  const auto n = static_cast<std::size_t>(rows.n_features) + 1;
  LinearModel model;
  model.coefficient.assign(n, 0);
  double deviance = penalised_deviance(model, rows, labels, ridge);
  for (int step = 0; step < kMostSteps && !model.converged; ++step) {
    Symmetric hessian(n);
    std::vector<double> gradient(n);
    for (std::int64_t i = 0; i < rows.n_rows(); ++i) {
      const double p = logistic(model.score(rows, i));
      add_outer(hessian, rows, i, std::max(p * (1 - p), 1e-10));
      add_scaled(gradient, rows, i, labels[static_cast<std::size_t>(i)] - p);
    }
    // In the first step all rows weigh the same; later weights of almost 0 would hide features.
    if (step == 0) model.rank = features_rank(hessian);
    for (std::size_t j = 1; j < n; ++j) {
      hessian.at(j, j) += ridge;
      gradient[j] -= ridge * model.coefficient[j];
    }
    factorise(hessian, kDependent);
    const std::vector<double> direction = solve(hessian, gradient);
    const LinearModel before = model;
    double length = 1, next = 0;
    for (int half = 0; half < 12; ++half, length /= 2) {
      for (std::size_t j = 0; j < n; ++j)
        model.coefficient[j] = before.coefficient[j] + length * direction[j];
      next = penalised_deviance(model, rows, labels, ridge);
      if (next <= deviance) break;
    }
    if (next > deviance) {
      model = before;
      next = deviance;
    }
    model.converged = deviance - next <= 1e-9 * (std::abs(deviance) + 1);
    deviance = next;
    if (model.converged || step + 1 == kMostSteps) model.error = errors_of(hessian, 1);
  }
  return model;
}

LinearModel fit_least_squares(const SparseRows& rows, std::span<const double> targets,
                              double ridge) {
  const auto n = static_cast<std::size_t>(rows.n_features) + 1;
  Symmetric normal(n);
  std::vector<double> right(n);
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) {
    add_outer(normal, rows, i, 1);
    add_scaled(right, rows, i, targets[static_cast<std::size_t>(i)]);
  }
  LinearModel model;
  model.rank = features_rank(normal);
  for (std::size_t j = 1; j < n; ++j) normal.at(j, j) += ridge;
  factorise(normal, kDependent);
  model.coefficient = solve(normal, right);
  double squares = 0;
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) {
    const double rest = targets[static_cast<std::size_t>(i)] - model.score(rows, i);
    squares += rest * rest;
  }
  const double freedom = static_cast<double>(rows.n_rows()) - model.rank - 1;
  model.error = errors_of(normal, freedom > 0 ? squares / freedom : 0);
  model.converged = true;
  return model;
}

std::pair<double, double> PrincipalPlane::project(const SparseRows& rows, std::int64_t row) const {
  // Entries that are not stored are 0, so their share of -mean is added in advance.
  double x = 0, y = 0;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    if (deviation[j] <= 0) continue;
    x -= mean[j] / deviation[j] * first[j];
    y -= mean[j] / deviation[j] * second[j];
  }
  for (std::size_t e = rows.begin[static_cast<std::size_t>(row)];
       e < rows.begin[static_cast<std::size_t>(row) + 1]; ++e) {
    const auto j = static_cast<std::size_t>(rows.index[e]);
    if (deviation[j] <= 0) continue;
    x += rows.value[e] / deviation[j] * first[j];
    y += rows.value[e] / deviation[j] * second[j];
  }
  return {x, y};
}

PrincipalPlane principal_plane(const SparseRows& rows) {
  const auto d = static_cast<std::size_t>(rows.n_features);
  const double n = static_cast<double>(rows.n_rows());
  Symmetric sums(d + 1);
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) add_outer(sums, rows, i, 1);
  PrincipalPlane plane;
  plane.mean.resize(d);
  plane.deviation.resize(d);
  for (std::size_t j = 0; j < d; ++j) {
    plane.mean[j] = sums.at(j + 1, 0) / n;
    plane.deviation[j] =
        std::sqrt(std::max(sums.at(j + 1, j + 1) / n - plane.mean[j] * plane.mean[j], 0.0));
    if (plane.deviation[j] < 1e-12) plane.deviation[j] = 0;
  }
  std::vector<double> correlation(d * d);
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double spread = plane.deviation[i] * plane.deviation[j];
      const double value =
          spread > 0 ? (sums.at(i + 1, j + 1) / n - plane.mean[i] * plane.mean[j]) / spread : 0;
      correlation[i * d + j] = correlation[j * d + i] = value;
    }
    trace += correlation[i * d + i];
  }
  const auto times = [&](const std::vector<double>& v) {
    std::vector<double> out(d);
    for (std::size_t i = 0; i < d; ++i) {
      out[i] = std::inner_product(v.begin(), v.end(),
                                  correlation.begin() + static_cast<std::ptrdiff_t>(i * d), 0.0);
    }
    return out;
  };
  const auto normalise = [](std::vector<double>& v) {
    const double length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    if (length > 0) {
      for (double& x : v) x /= length;
    }
    return length;
  };
  plane.first.resize(d);
  plane.second.resize(d);
  base::PhiloxStream random(0, base::Purpose::kEvaluate, 0x9CA);
  for (std::size_t j = 0; j < d; ++j) {
    plane.first[j] = random.normal();
    plane.second[j] = random.normal();
  }
  double first_value = 0, second_value = 0;
  normalise(plane.first);
  for (int step = 0; step < 300; ++step) {
    plane.first = times(plane.first);
    plane.second = times(plane.second);
    first_value = normalise(plane.first);
    const double along =
        std::inner_product(plane.first.begin(), plane.first.end(), plane.second.begin(), 0.0);
    for (std::size_t j = 0; j < d; ++j) plane.second[j] -= along * plane.first[j];
    second_value = normalise(plane.second);
  }
  if (trace > 0) {
    plane.first_share = first_value / trace;
    plane.second_share = second_value / trace;
  }
  return plane;
}

}  // namespace semblance::evaluator
