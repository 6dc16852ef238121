/// Speed of encode and decode, one thread: one JSON line for each kind of work with the CPU seconds
/// of its calls, and the tokens and decoded values for a check.
///   bench_encode FILE REPEATS TOKENS DECODED
/// FILE holds int64 n rows, int64 e edges, then n doubles, e edges, and n int32 level codes from
/// -1.
#include <algorithm>

#include "bench/program.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"

namespace {

using namespace semblance;

/// After one call that does not count.
void measure(const std::string& work, int repeats, const auto& body) {
  fmt::print("{{\"work\": \"{}\", \"cpu_s\": [{}]}}\n", work,
             fmt::join(bench::measured(repeats, body), ", "));
}

std::vector<std::uint16_t> counting(std::size_t n) {
  std::vector<std::uint16_t> tokens(n);
  for (std::size_t i = 0; i < n; ++i) tokens[i] = static_cast<std::uint16_t>(i);
  return tokens;
}

/// Owns a decode plan whose interval i is [edges[i], edges[i + 1]) in four pieces.
struct Quarters {
  std::vector<std::int32_t> knot_begin = {0}, interval_of;
  std::vector<double> knots;

  explicit Quarters(const std::vector<double>& edges) {
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const double next = i + 1 < edges.size() ? edges[i + 1] : edges[i] + 1;
      for (int k = 0; k <= 4; ++k) knots.push_back(edges[i] + (next - edges[i]) * k / 4);
      knot_begin.push_back(static_cast<std::int32_t>(knots.size()));
    }
    for (std::size_t i = 0; i <= edges.size(); ++i)
      interval_of.push_back(static_cast<std::int32_t>(i));
  }
  kernels::DecodePlan plan() const { return {1, interval_of, knot_begin, knots, 1, 0}; }
};

void run(const std::string& path, int repeats, const std::string& tokens_path,
         const std::string& decoded_path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<std::int64_t> sizes = bench::read_values<std::int64_t>(file, 2);
  const std::vector<double> values = bench::read_values<double>(file, sizes[0]),
                            edges = bench::read_values<double>(file, sizes[1]);
  const std::vector<std::int32_t> codes = bench::read_values<std::int32_t>(file, sizes[0]);
  const std::vector<std::uint16_t> first = counting(edges.size() + 1);
  const std::vector<std::uint16_t> map =
      counting(static_cast<std::size_t>(*std::max_element(codes.begin(), codes.end())) + 2);
  const Quarters quarters(edges);
  std::vector<std::uint16_t> tokens(values.size()), levels(values.size());
  std::vector<double> decoded(values.size());
  measure("encode", repeats, [&] {
    kernels::encode_numbers(values, {edges, first, {}}, tokens, {});
  });
  measure("decode", repeats,
          [&] { kernels::decode_numbers(tokens, {}, quarters.plan(), 1, 0, 0, decoded); });
  measure("levels", repeats, [&] { kernels::encode_codes(codes, map, levels); });
  bench::write_values(tokens_path, tokens.data(), tokens.size());
  bench::write_values(decoded_path, decoded.data(), decoded.size());
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 4, "bench_encode FILE REPEATS TOKENS DECODED",
                            [&] { run(argv[1], std::stoi(argv[2]), argv[3], argv[4]); });
}
