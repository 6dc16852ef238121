#include "trainer/generation_order.hpp"

#include "base/error.hpp"

namespace semblance::trainer {

std::vector<int> generation_order(const Codec& codec, const std::vector<std::string>& first) {
  const table::Schema& schema = codec.schema();
  const int n = static_cast<int>(codec.token_columns().size());
  std::vector<int> order;
  std::vector<char> placed(static_cast<std::size_t>(n), 0);
  const auto place = [&](int from, int to) {
    for (int t = from; t < to; ++t) {
      if (placed[static_cast<std::size_t>(t)] != 0) continue;
      placed[static_cast<std::size_t>(t)] = 1;
      order.push_back(t);
    }
  };
  for (const std::string& name : first) {
    const int column = schema.find(name);
    SEMBLANCE_EXPECT(column >= 0, kData,
                     "order: there is no column '{}' to learn{}; it names columns that the decoder "
                     "makes first",
                     name, base::did_you_mean(name, schema.names()));
    const auto [from, to] = codec.tokens_of(column);
    SEMBLANCE_EXPECT(from < to, kData,
                     "order: column '{}' is an identifier, which is issued anew and not learned",
                     name);
    place(from, to);
  }
  place(0, n);
  return order;
}

}  // namespace semblance::trainer
