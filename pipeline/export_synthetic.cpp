#include "pipeline/export_synthetic.hpp"

#include <filesystem>

#include "table/read_table.hpp"
#include "table/shards.hpp"
#include "table/write_table.hpp"

namespace semblance::pipeline {

void export_synthetic(const std::string& shards, const std::string& file) {
  const table::Manifest manifest = table::read_manifest(shards);
  const auto writer = table::open_table_writer(file, manifest.schema);
  table::ReadOptions options;
  options.allow_empty = true;
  for (const table::ShardPart& part : manifest.parts) {
    writer->append(
        table::read_table((std::filesystem::path(shards) / part.file).string(), options));
  }
  writer->finish();
}

}  // namespace semblance::pipeline
