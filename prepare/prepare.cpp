#include "prepare/prepare.hpp"

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "prepare/row_source.hpp"
#include "prepare/run_recipe.hpp"

namespace semblance::prepare {

void add_settings(base::SettingList& list, PrepareOptions& options) {
  list.add("memory_mib", &options.memory_mib, "memory for rows that must be kept, in MiB");
}

void prepare(const PrepareOptions& options, base::Communicator& communicator) {
  SEMBLANCE_EXPECT(options.memory_mib >= 1, kUsage, "--memory-mib {}: at least 1 is needed",
                   options.memory_mib);
  const Recipe recipe = read_recipe(options.recipe);
  SEMBLANCE_EXPECT(std::filesystem::is_directory(options.input), kIo,
                   "--input {}: there is no such directory", options.input);
  std::vector<std::filesystem::path> inputs = {options.recipe};
  for (const SourceSpec& source : recipe.sources) {
    for (const std::string& name : source_file_names(source, options.input))
      inputs.push_back(std::filesystem::path(options.input) / name);
  }
  base::expect_no_input_replaced(options.output, inputs);
  base::expect_no_input_replaced(options.metadata, inputs);
  const std::int64_t rows = run_recipe(
      recipe, {options.input, options.memory_mib << 20, options.threads, options.metadata},
      options.output, communicator);
  if (communicator.rank() == 0) {
    if (rows == 0)
      base::log_warning("the recipe left no row: {} holds a header only", options.output);
    base::log_info("wrote {}: {} rows", options.output, rows);
  }
  communicator.barrier();
}

}  // namespace semblance::prepare
