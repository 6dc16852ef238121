#include "prepare/row_source.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "prepare/expression.hpp"
#include "prepare/source_columns.hpp"

namespace semblance::prepare {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::string_view kExtensions[] = {"", ".csv", ".csv.gz", ".parquet", ".h5"};

std::vector<std::string> names_in(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory, error))
    names.push_back(entry.path().filename().string());
  SEMBLANCE_EXPECT(!error, kIo, "cannot read the directory '{}': {}", directory, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void RowSource::begin_shares(base::Communicator&, std::int64_t) { SEMBLANCE_ASSERT(can_share()); }
bool RowSource::next_share(int) { return false; }
void RowSource::read_share(int, const std::function<void(const RowBlock&, std::int64_t)>&) {}
void RowSource::end_shares() {}

std::vector<std::string> source_file_names(const SourceSpec& spec, const std::string& directory) {
  std::vector<std::string> found;
  for (const std::string& name : names_in(directory)) {
    for (const std::string_view extension : kExtensions) {
      if (same_name(name, spec.file + std::string(extension))) found.push_back(name);
    }
  }
  return found;
}

std::string find_source_file(const SourceSpec& spec, const std::string& directory) {
  const std::vector<std::string> found = source_file_names(spec, directory);
  if (found.size() > 1) {
    base::fail(ErrorKind::kData, "{}: '{}' may be {} or {} in {}: write the whole file name",
               spec.place, spec.file, found[0], found[1], directory);
  }
  if (found.empty()) {
    std::vector<std::string> stems;
    for (const std::string& name : names_in(directory))
      stems.push_back(name.substr(0, name.find('.')));
    base::fail(ErrorKind::kData,
               "{}: there is no table '{}' (.csv, .csv.gz, .parquet, .h5) in {}{}", spec.place,
               spec.file, directory, did_you_mean(spec.file, stems));
  }
  return (fs::path(directory) / found[0]).string();
}

std::vector<int> SourceColumns::fields_in_file() const {
  std::vector<int> list;
  for (const int field : fields) {
    if (field >= 0 && std::find(list.begin(), list.end(), field) == list.end())
      list.push_back(field);
  }
  return list;
}

SourceColumns match_columns(const SourceSpec& spec, const std::string& path,
                            const std::vector<std::string>& header) {
  SourceColumns columns;
  columns.file = fs::path(path).filename().string();
  for (const SourceColumn& column : spec.columns) {
    const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& name) {
      return same_name(name, column.name);
    });
    if (found == header.end() && column.absent == SourceColumn::Absent::kError) {
      base::fail(ErrorKind::kData, "{}: there is no column '{}' in {}{}", column.place, column.name,
                 path, did_you_mean(column.name, header));
    }
    columns.names.push_back(found == header.end() ? column.name : *found);
    columns.fields.push_back(found != header.end() ? static_cast<int>(found - header.begin())
                             : column.absent == SourceColumn::Absent::kMissing
                                 ? SourceColumns::kMissing
                                 : SourceColumns::kRowNumber);
    columns.readers.emplace_back(column.kind, column.date_format, spec.missing);
  }
  if (!spec.row_number.empty()) {
    columns.names.push_back(spec.row_number);
    columns.fields.push_back(SourceColumns::kRowNumber);
    columns.readers.emplace_back();
  }
  return columns;
}

std::unique_ptr<RowSource> open_source(const SourceSpec& spec, const std::string& directory,
                                       MemoryBudget& budget) {
  const std::string path = find_source_file(spec, directory);
  const std::string extension = fs::path(path).extension().string();
  const bool parquet = same_name(extension, ".parquet");
  if (!parquet && !same_name(extension, ".h5")) return open_csv_source(spec, path);
  SEMBLANCE_EXPECT(spec.runs_column.empty(), kData,
                   "{}: number_runs is for CSV files; {} has kinds of its own", spec.place, path);
  return parquet ? open_parquet_source(spec, path) : open_hdf5_source(spec, path, budget);
}

}  // namespace semblance::prepare
