/// A table through the codec and back, no model between: what the tokens alone lose.
///   codec_round_trip TABLE OUTPUT [METADATA|-] [name=value ...]
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "base/error.hpp"
#include "base/settings.hpp"
#include "table/read_table.hpp"
#include "table/write_table.hpp"
#include "trainer/codec.hpp"

namespace {

using namespace semblance;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void run(int argc, char** argv) {
  SEMBLANCE_EXPECT(argc >= 3, kUsage,
                   "usage: codec_round_trip TABLE OUTPUT [METADATA|-] [name=value ...]");
  trainer::CodecOptions options;
  base::SettingList settings;
  trainer::add_settings(settings, options);
  for (int i = 4; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    SEMBLANCE_EXPECT(equals != std::string::npos, kUsage, "'{}' is not name=value", text);
    settings.set(text.substr(0, equals), text.substr(equals + 1));
  }
  table::Metadata metadata;
  table::ReadOptions read;
  if (argc > 3 && std::string(argv[3]) != "-") {
    metadata = table::read_metadata(argv[3]);
    read.metadata = &metadata;
  }
  table::Schema schema;
  const table::Table rows = table::read_table(argv[1], read, &schema);
  const auto self = base::self_communicator();

  const double t0 = now_s();
  const trainer::Codec codec = trainer::Codec::fit(rows, schema, options, *self);
  const double t1 = now_s();
  std::int64_t unseen = 0;
  const trainer::TokenMatrix tokens = codec.encode(rows, &unseen);
  const double t2 = now_s();
  const table::Table back = codec.decode(tokens, 0, 1);
  const double t3 = now_s();
  int total = 0;
  for (const trainer::TokenColumn& column : codec.token_columns()) {
    total += column.cardinality;
    fmt::print("  {:40} {}\n", column.name, column.cardinality);
  }
  fmt::print("{} rows, {} columns -> {} token columns, {} tokens; {} unknown cells\n",
             rows.n_rows(), rows.n_columns(), codec.token_columns().size(), total, unseen);
  fmt::print("fit {:.3f} s, encode {:.3f} s, decode {:.3f} s\n", t1 - t0, t2 - t1, t3 - t2);
  table::write_table(argv[2], back);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
    return 0;
  } catch (const base::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return base::exit_code(error.kind());
  }
}
