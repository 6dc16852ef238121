#include "evaluator/learners/booster.hpp"

#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace semblance::evaluator {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// XGBoost refuses infinite cells, so numbers beyond the range of float stay at its ends; NaN
/// stays.
float as_float(double value) {
  constexpr double kMost = 3.4e38;
  return static_cast<float>(std::clamp(value, -kMost, kMost));
}

void check(int code, const char* doing) {
  if (code != 0)
    base::fail(base::ErrorKind::kInternal, "XGBoost could not {}: {}", doing, XGBGetLastError());
}

class Matrix {
 public:
  explicit Matrix(const TreeRows& rows) {
    check(XGDMatrixCreateFromMat(rows.values.data(), static_cast<bst_ulong>(rows.n_rows),
                                 static_cast<bst_ulong>(rows.n_columns), kNaN, &handle_),
          "take rows");
  }
  ~Matrix() { XGDMatrixFree(handle_); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

}  // namespace

TreeCoding::TreeCoding(const Comparison& data, std::vector<int> columns)
    : columns_(std::move(columns)) {
  if (columns_.empty()) {
    columns_.resize(data.columns.size());
    std::iota(columns_.begin(), columns_.end(), 0);
  }
  for (const int j : columns_) {
    const ColumnInfo& info = data.columns[static_cast<std::size_t>(j)];
    std::vector<std::size_t> order(info.levels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return info.levels[a] < info.levels[b]; });
    std::vector<float> position(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) position[order[k]] = static_cast<float>(k);
    position_.push_back(std::move(position));
  }
}

void TreeCoding::append(const Rows& rows, std::span<const std::int64_t> chosen,
                        TreeRows& out) const {
  const std::size_t width = columns_.size();
  const auto first = static_cast<std::size_t>(out.n_rows);
  out.n_columns = static_cast<int>(width);
  out.n_rows += static_cast<std::int64_t>(chosen.size());
  out.values.resize(static_cast<std::size_t>(out.n_rows) * width);
  for (std::size_t k = 0; k < width; ++k) {
    const Feature& feature = rows.features[static_cast<std::size_t>(columns_[k])];
    for (std::size_t r = 0; r < chosen.size(); ++r) {
      const auto i = static_cast<std::size_t>(chosen[r]);
      float value = kNaN;
      if (!feature.numbers.empty()) {
        value = as_float(feature.numbers[i]);
      } else if (feature.codes[i] >= 0) {
        value = position_[k][static_cast<std::size_t>(feature.codes[i])];
      }
      out.values[(first + r) * width + k] = value;
    }
  }
}

struct Booster::State {
  BoosterHandle handle = nullptr;
  int n_columns = 0;
  int n_outputs = 1;

  ~State() {
    if (handle != nullptr) XGBoosterFree(handle);
  }
  void set(const char* name, const std::string& value) const {
    check(XGBoosterSetParam(handle, name, value.c_str()), name);
  }
};

Booster::Booster(const TreeRows& rows, std::span<const double> labels,
                 const BoosterOptions& options)
    : state_(std::make_unique<State>()) {
  SEMBLANCE_ASSERT(rows.n_rows == static_cast<std::int64_t>(labels.size()) && rows.n_rows > 0);
  const Matrix matrix(rows);
  const std::vector<float> floats(labels.begin(), labels.end());
  check(XGDMatrixSetFloatInfo(matrix.handle(), "label", floats.data(), floats.size()),
        "take labels");
  const DMatrixHandle handles[] = {matrix.handle()};
  check(XGBoosterCreate(handles, 1, &state_->handle), "make a booster");
  state_->n_columns = rows.n_columns;
  state_->set("verbosity", "0");
  state_->set("tree_method", "hist");
  state_->set("max_depth", std::to_string(options.depth));
  state_->set("learning_rate", std::to_string(options.rate));
  state_->set("seed", std::to_string(static_cast<std::uint32_t>(options.seed)));
  state_->set("nthread",
              std::to_string(options.threads > 0 ? options.threads : base::default_threads()));
  switch (options.task) {
    case BoosterOptions::Task::kBinary:
      state_->set("objective", "binary:logistic");
      break;
    case BoosterOptions::Task::kRegression:
      state_->set("objective", "reg:squarederror");
      break;
    case BoosterOptions::Task::kClasses:
      state_->set("objective", "multi:softprob");
      state_->set("num_class", std::to_string(options.n_classes));
      state_->n_outputs = options.n_classes;
      break;
  }
  for (int tree = 0; tree < options.trees; ++tree) {
    check(XGBoosterUpdateOneIter(state_->handle, tree, matrix.handle()), "train");
  }
}

Booster::~Booster() = default;
Booster::Booster(Booster&&) noexcept = default;

std::vector<double> Booster::predict(const TreeRows& rows) const {
  if (rows.n_rows == 0) return {};
  const Matrix matrix(rows);
  bst_ulong length = 0;
  const float* values = nullptr;
  check(XGBoosterPredict(state_->handle, matrix.handle(), 0, 0, 0, &length, &values), "predict");
  return {values, values + length};
}

std::vector<double> Booster::gain_shares() const {
  bst_ulong n_features = 0, dimension = 0;
  const bst_ulong* shape = nullptr;
  const char** features = nullptr;
  const float* scores = nullptr;
  check(XGBoosterFeatureScore(state_->handle, R"({"importance_type": "total_gain"})", &n_features,
                              &features, &dimension, &shape, &scores),
        "tell which columns matter");
  std::vector<double> shares(static_cast<std::size_t>(state_->n_columns));
  for (bst_ulong k = 0; k < n_features; ++k) {  // names are f0, f1, ...
    shares[static_cast<std::size_t>(std::stoi(std::string(features[k] + 1)))] = scores[k];
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share = total > 0 ? share / total : 0;
  return shares;
}

}  // namespace semblance::evaluator
