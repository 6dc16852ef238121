/// One block of threads draws one row; the threads share the outputs of each product among them.
/// Every output is summed by one thread in the order of the CPU driver, and the token is picked by
/// the same function, so that a row depends on nothing but (weights, seed, row).
#include <algorithm>

#include "base/cuda_check.hpp"
#include "kernels/activation.hpp"
#include "kernels/sample_cell.hpp"
#include "kernels/sample_rows_driver.hpp"

namespace semblance::kernels {
namespace {

constexpr int kThreads = 128;
constexpr std::int64_t kMostBlocks = 65536;  // rows of one launch

/// The decoder in device memory. Heads are transposed: head of column s at [H, K_s] from
/// H * token_offset[s].
struct DeviceDecoder {
  bool autoregressive;
  int columns, latent, hidden, width, n_blocks;
  int most_tokens;                   // of a column, in whole lanes
  const int* cardinalities;          // [C]
  const int* order;                  // [C]
  const std::int64_t* token_offset;  // [C]
  const float* latent_in;            // [L, H]
  const float* column_bias;          // [C or 1, H]
  const float* embedding;            // [T, H]
  const float* block_in;             // [blocks, H, W]
  const float* block_bias;           // [blocks, C or 1, W]
  const float* block_out;            // [blocks, W, H]
  const float* head;                 // transposed, see above
  const float* head_bias;            // [T]
  // Tables of pairs of columns: those of column s are pair_begin[s] to pair_begin[s + 1] - 1.
  const int* pair_begin;           // [C + 1]
  const int* pair_given;           // [pairs] the earlier column
  const std::int64_t* pair_start;  // [pairs] first number of the table
  const float* pair_values;        // the tables [K_given, K_s], one after the other
};

/// out[o] += sum over i of in[i] * matrix[i, o]; all threads of the block.
__device__ void multiply_add(const float* in, int inner, const float* matrix, int width,
                             float* out) {
  for (int o = threadIdx.x; o < width; o += kThreads) {
    float sum = out[o];
    for (int i = 0; i < inner; ++i) sum += in[i] * matrix[static_cast<std::int64_t>(i) * width + o];
    out[o] = sum;
  }
  __syncthreads();
}

__device__ void copy(const float* from, int size, float* to) {
  for (int i = threadIdx.x; i < size; i += kThreads) to[i] = from[i];
  __syncthreads();
}

__device__ void apply_silu(const float* from, int size, float* to) {
  for (int i = threadIdx.x; i < size; i += kThreads) to[i] = silu(from[i]);
  __syncthreads();
}

/// hidden = silu of the context of column s, through the blocks.
__device__ void enter_context(const DeviceDecoder& d, int s, const float* context, float* stream,
                              float* unit, float* hidden) {
  const int row = d.autoregressive ? s : 0, contexts = d.autoregressive ? d.columns : 1;
  for (int i = threadIdx.x; i < d.hidden; i += kThreads) {
    stream[i] = context[i] + d.column_bias[static_cast<std::int64_t>(row) * d.hidden + i];
  }
  __syncthreads();
  for (int k = 0; k < d.n_blocks; ++k) {
    const std::int64_t matrix = static_cast<std::int64_t>(k) * d.hidden * d.width;
    copy(d.block_bias + (static_cast<std::int64_t>(k) * contexts + row) * d.width, d.width, unit);
    multiply_add(stream, d.hidden, d.block_in + matrix, d.width, unit);
    apply_silu(unit, d.width, unit);
    multiply_add(unit, d.width, d.block_out + matrix, d.hidden, stream);
  }
  apply_silu(stream, d.hidden, hidden);
}

/// logits += what the tokens of earlier columns say directly. \param tokens  [C] of this row so far
__device__ void add_pairs(const DeviceDecoder& d, int s, const int* tokens, float* logits) {
  const int k = d.cardinalities[s];
  for (int p = d.pair_begin[s]; p < d.pair_begin[s + 1]; ++p) {
    const float* row =
        d.pair_values + d.pair_start[p] + static_cast<std::int64_t>(tokens[d.pair_given[p]]) * k;
    for (int t = threadIdx.x; t < k; t += kThreads) logits[t] += row[t];
  }
  __syncthreads();
}

/// Turns logits [k] into weights padded to whole lanes, and picks; all threads get the token.
__device__ int draw(float* logits, int k, float* lanes, float u) {
  __shared__ float top;
  __shared__ int token;
  const int padded = (k + kPickLanes - 1) / kPickLanes * kPickLanes;
  if (threadIdx.x == 0) {
    float largest = logits[0];
    for (int t = 1; t < k; ++t) largest = fmaxf(largest, logits[t]);
    top = largest;
  }
  __syncthreads();
  for (int t = threadIdx.x; t < padded; t += kThreads) {
    logits[t] = t < k ? fast_exp(logits[t] - top) : 0.0f;
  }
  __syncthreads();
  if (threadIdx.x < kPickLanes) {
    float sum = 0;
    for (int t = threadIdx.x; t < padded; t += kPickLanes) sum += logits[t];
    lanes[threadIdx.x] = sum;
  }
  __syncthreads();
  if (threadIdx.x == 0) token = pick_token(logits, padded, lanes, u);
  __syncthreads();
  return token;
}

__global__ void sample_kernel(DeviceDecoder d, std::int64_t first_row, std::int64_t n_rows,
                              std::int64_t first, std::uint64_t seed, std::uint16_t* out) {
  extern __shared__ float shared[];
  float* context = shared;
  float* stream = context + d.hidden;
  float* hidden = stream + d.hidden;
  float* unit = hidden + d.hidden;
  float* z = unit + d.width;
  float* lanes = z + d.latent;
  float* logits = lanes + kPickLanes;
  int* tokens = reinterpret_cast<int*>(logits + d.most_tokens);
  const std::int64_t local = first + blockIdx.x;
  const std::uint64_t row = static_cast<std::uint64_t>(first_row + local);

  for (int i = threadIdx.x; i < d.hidden; i += kThreads) context[i] = 0;
  for (int i = threadIdx.x; i < d.latent; i += kThreads) z[i] = latent_normal(seed, row, i);
  __syncthreads();
  multiply_add(z, d.latent, d.latent_in, d.hidden, context);
  for (int s = 0; s < d.columns; ++s) {
    if (d.autoregressive || s == 0) enter_context(d, s, context, stream, unit, hidden);
    const int k = d.cardinalities[s];
    copy(d.head_bias + d.token_offset[s], k, logits);
    multiply_add(hidden, d.hidden, d.head + d.token_offset[s] * d.hidden, k, logits);
    add_pairs(d, s, tokens, logits);
    const float u = base::uniform_float(
        base::random_bits(seed, base::Purpose::kSample, row, static_cast<std::uint32_t>(s)));
    const int token = draw(logits, k, lanes, u);
    if (threadIdx.x == 0) {
      out[d.order[s] * n_rows + local] = static_cast<std::uint16_t>(token);
      tokens[s] = token;
    }
    if (d.autoregressive && s + 1 < d.columns) {
      const float* added = d.embedding + (d.token_offset[s] + token) * d.hidden;
      for (int i = threadIdx.x; i < d.hidden; i += kThreads) context[i] += added[i];
    }
    __syncthreads();
  }
}

std::vector<float> joined(const std::vector<DecoderWeights::Block>& blocks,
                          std::span<const float> DecoderWeights::Block::*part) {
  std::vector<float> out;
  for (const DecoderWeights::Block& block : blocks) {
    out.insert(out.end(), (block.*part).begin(), (block.*part).end());
  }
  return out;
}

std::vector<std::int64_t> offsets_of(const std::vector<int>& cardinalities) {
  std::vector<std::int64_t> out;
  std::int64_t at = 0;
  for (const int k : cardinalities) {
    out.push_back(at);
    at += k;
  }
  return out;
}

std::vector<float> transposed_heads(const DecoderWeights& w) {
  std::vector<float> out(w.head.size());
  std::int64_t at = 0;
  for (const int k : w.cardinalities) {
    for (int t = 0; t < k; ++t) {
      for (int i = 0; i < w.hidden; ++i) {
        out[at * w.hidden + static_cast<std::int64_t>(i) * k + t] = w.head[(at + t) * w.hidden + i];
      }
    }
    at += k;
  }
  return out;
}

/// The tables of pairs, column by column, each column's in their order.
struct JoinedPairs {
  std::vector<int> begin, given;
  std::vector<std::int64_t> start;
  std::vector<float> values;

  explicit JoinedPairs(const DecoderWeights& w) {
    for (int s = 0; s < static_cast<int>(w.cardinalities.size()); ++s) {
      begin.push_back(static_cast<int>(given.size()));
      for (const DecoderWeights::Pair& pair : w.pairs) {
        if (pair.column != s) continue;
        given.push_back(pair.given);
        start.push_back(static_cast<std::int64_t>(values.size()));
        values.insert(values.end(), pair.values.begin(), pair.values.end());
      }
    }
    begin.push_back(static_cast<int>(given.size()));
  }
};

/// nvcc does not take a vector for a span by itself.
template <class T>
std::span<const T> view(const std::vector<T>& values) {
  return {values.data(), values.size()};
}

class CudaRowSampler : public RowSampler {
 public:
  CudaRowSampler(const DecoderWeights& w, int device) : CudaRowSampler(w, JoinedPairs(w), device) {}

  CudaRowSampler(const DecoderWeights& w, const JoinedPairs& pairs, int device)
      : device_(use(device)),
        cardinalities_(view(w.cardinalities)),
        order_(view(w.order)),
        offsets_(view(offsets_of(w.cardinalities))),
        latent_in_(w.latent_in),
        column_bias_(w.column_bias),
        embedding_(w.embedding),
        block_in_(view(joined(w.blocks, &DecoderWeights::Block::in))),
        block_bias_(view(joined(w.blocks, &DecoderWeights::Block::bias))),
        block_out_(view(joined(w.blocks, &DecoderWeights::Block::out))),
        head_(view(transposed_heads(w))),
        head_bias_(w.head_bias),
        pair_begin_(view(pairs.begin)),
        pair_given_(view(pairs.given)),
        pair_start_(view(pairs.start)),
        pair_values_(view(pairs.values)) {
    const int widest = *std::max_element(w.cardinalities.begin(), w.cardinalities.end());
    const int padded = (widest + kPickLanes - 1) / kPickLanes * kPickLanes;
    decoder_ = {w.autoregressive,
                static_cast<int>(w.cardinalities.size()),
                w.latent,
                w.hidden,
                w.block_width,
                static_cast<int>(w.blocks.size()),
                padded,
                cardinalities_.data(),
                order_.data(),
                offsets_.data(),
                latent_in_.data(),
                column_bias_.data(),
                embedding_.data(),
                block_in_.data(),
                block_bias_.data(),
                block_out_.data(),
                head_.data(),
                head_bias_.data(),
                pair_begin_.data(),
                pair_given_.data(),
                pair_start_.data(),
                pair_values_.data()};
    shared_bytes_ = sizeof(float) * static_cast<std::size_t>(3 * w.hidden + w.block_width +
                                                             w.latent + kPickLanes + padded) +
                    sizeof(int) * w.cardinalities.size();
    allow_shared(shared_bytes_, widest);
  }

  void sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed, int,
              std::uint16_t* out) const override {
    if (n_rows == 0) return;
    use(device_);
    DeviceBuffer<std::uint16_t> tokens(static_cast<std::size_t>(n_rows * decoder_.columns));
    for (std::int64_t first = 0; first < n_rows; first += kMostBlocks) {
      const unsigned blocks = static_cast<unsigned>(std::min(kMostBlocks, n_rows - first));
      sample_kernel<<<blocks, kThreads, shared_bytes_>>>(decoder_, first_row, n_rows, first, seed,
                                                         tokens.data());
      SEMBLANCE_CUDA_CHECK(cudaGetLastError());
    }
    tokens.copy_to_host(std::span(out, tokens.size()));
  }

 private:
  using DeviceFloats = base::DeviceBuffer<float>;
  template <class T>
  using DeviceBuffer = base::DeviceBuffer<T>;

  /// More than 48 KiB of shared memory a block must be asked for. What is asked for holds for the
  /// kernel, not for this sampler: it is always all that there is, so that samplers do not disturb
  /// each other.
  /// \param widest  tokens of the widest column, for the message
  void allow_shared(std::size_t bytes, int widest) const {
    constexpr std::size_t kAlways = 48 * 1024;
    cudaFuncAttributes kernel;
    SEMBLANCE_CUDA_CHECK(cudaFuncGetAttributes(&kernel, sample_kernel));
    if (bytes + kernel.sharedSizeBytes <= kAlways) return;
    int all = 0;
    SEMBLANCE_CUDA_CHECK(
        cudaDeviceGetAttribute(&all, cudaDevAttrMaxSharedMemoryPerBlockOptin, device_));
    const std::size_t most = static_cast<std::size_t>(all) - kernel.sharedSizeBytes;
    SEMBLANCE_EXPECT(bytes <= most, kDevice,
                     "drawing rows with a column of {} tokens and a network of width {} takes {} "
                     "bytes of shared memory a block; cuda:{} has {}: draw on the CPU",
                     widest, decoder_.hidden, bytes, device_, most);
    SEMBLANCE_CUDA_CHECK(cudaFuncSetAttribute(
        sample_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(most)));
  }

  static int use(int device) {
    SEMBLANCE_CUDA_CHECK(cudaSetDevice(device));
    return device;
  }

  int device_;
  DeviceBuffer<int> cardinalities_, order_;
  DeviceBuffer<std::int64_t> offsets_, pair_start_;
  DeviceFloats latent_in_, column_bias_, embedding_, block_in_, block_bias_, block_out_, head_,
      head_bias_, pair_values_;
  DeviceBuffer<int> pair_begin_, pair_given_;
  DeviceDecoder decoder_{};
  std::size_t shared_bytes_ = 0;
};

}  // namespace

std::unique_ptr<RowSampler> make_row_sampler_cuda(const DecoderWeights& weights, int device_index) {
  return std::make_unique<CudaRowSampler>(weights, device_index);
}

}  // namespace semblance::kernels
