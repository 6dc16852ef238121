/// Streaming inflate of one gzip member at a time: ISA-L where it is installed, else zlib.
#pragma once

#include <cstddef>
#include <memory>

namespace semblance::table::detail {

struct InflateStep {
  std::size_t consumed = 0, produced = 0;
  bool member_ended = false;  ///< the member's checksum was right
  bool damaged = false;
};

class GzipInflater {
 public:
  GzipInflater();
  ~GzipInflater();
  /// Ready for the next member.
  void reset();
  /// Inflates until the input is used up, the output is full or the member ends.
  InflateStep step(const char* input, std::size_t input_size, char* output,
                   std::size_t output_size);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::table::detail
