#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/program_name.hpp"
#include "base/progress.hpp"
#include "generator/pack_rows.hpp"
#include "generator/write_output.hpp"

namespace semblance::generator {
namespace {

namespace fs = std::filesystem;

/// What a finished part leaves beside itself until the manifest is written: under which settings it
/// was made, and its checksum.
constexpr const char* kNoteSuffix = ".done";

std::string note_path(const OutputPlan& plan, std::int64_t part) {
  return plan.path + "/" + table::part_file_name(part) + kNoteSuffix;
}

/// Everything that decides the content of a part; another build may make other rows.
std::string fingerprint(const OutputPlan& plan, std::int64_t first, std::int64_t rows) {
  base::Sha256 hash;
  hash.update(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", base::program_name(), plan.model_sha256,
                          plan.seed, first, rows, plan.settings));
  return hash.hex();
}

/// The part as an earlier run left it, when it was made under the same settings and is whole.
bool kept_part(const OutputPlan& plan, std::int64_t part, std::int64_t first, std::int64_t rows,
               table::ShardPart& kept) {
  if (!fs::exists(note_path(plan, part))) return false;
  const std::string note = base::read_text_file(note_path(plan, part)),
                    start = fingerprint(plan, first, rows) + " ";
  if (!note.starts_with(start)) return false;
  kept = {table::part_file_name(part), rows, note.substr(start.size())};
  return table::part_is_whole(plan.path, kept);
}

/// What the manifest says of how the rows were made, beside model and seed.
std::string program_text(const OutputPlan& plan) {
  return base::program_name() + (plan.settings.empty() ? "" : "; " + plan.settings);
}

/// A finished directory of the same program, model, seed and settings counts part by part: its
/// manifest holds the checksums.
void restore_notes(const OutputPlan& plan) {
  if (!fs::exists(plan.path + "/manifest.json")) return;
  try {
    const table::Manifest manifest = table::read_manifest(plan.path);
    if (manifest.seed != plan.seed || manifest.model_sha256 != plan.model_sha256 ||
        manifest.program != program_text(plan))
      return;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < manifest.parts.size(); ++i) {
      const table::ShardPart& part = manifest.parts[i];
      base::write_text_file(note_path(plan, static_cast<std::int64_t>(i)),
                            fingerprint(plan, first, part.rows) + " " + part.sha256);
      first += part.rows;
    }
  } catch (const base::Error& error) {
    base::log_warning("{}; the parts are made again", error.what());
  }
}

/// A part, or the note beside it.
bool is_part(const std::string& name) {
  static const std::regex kPart("part-[0-9]{5,}\\.h5(\\.done)?");
  return std::regex_match(name, kPart);
}

bool is_ours(const std::string& name) {
  return table::is_shard_file(name) || name.starts_with(".");
}

/// Creates the directory, or takes it up where an earlier run left it: no manifest, so no dataset
/// until this run is done.
void prepare_directory(const OutputPlan& plan) {
  std::error_code error;
  fs::create_directories(plan.path, error);
  SEMBLANCE_EXPECT(!error && fs::is_directory(plan.path), kIo, "cannot create directory {}: {}",
                   plan.path, error.message());
  for (const fs::directory_entry& entry : fs::directory_iterator(plan.path)) {
    SEMBLANCE_EXPECT(
        is_ours(entry.path().filename().string()), kUsage,
        "{} holds {}, which is no part of a synthetic table: choose an empty directory", plan.path,
        entry.path().filename().string());
  }
  restore_notes(plan);
  fs::remove(plan.path + "/manifest.json", error);
  fs::remove(plan.path + "/dataset.h5", error);
}

/// Removes notes, parts beyond the last one, which an earlier run with more rows left, and what a
/// killed run was writing.
void tidy(const OutputPlan& plan, std::int64_t n_parts) {
  std::set<std::string> wanted;
  for (std::int64_t part = 0; part < n_parts; ++part) wanted.insert(table::part_file_name(part));
  std::vector<fs::path> stale;
  for (const fs::directory_entry& entry : fs::directory_iterator(plan.path)) {
    const std::string name = entry.path().filename().string();
    const bool unfinished =
        name.starts_with(".part-") && name.ends_with(".part");  // of a killed run
    if (unfinished || (is_part(name) && !wanted.contains(name))) {
      stale.push_back(entry.path());
    }
  }
  std::error_code error;
  for (const fs::path& path : stale) fs::remove(path, error);
}

table::ShardPart make_part(const OutputPlan& plan, const TableMaker& maker, std::int64_t part,
                           std::int64_t first, std::int64_t rows, base::Progress& progress,
                           RetryCounts& counts) {
  table::Table all = table::empty_table(maker.schema());
  constexpr std::int64_t kStep = TableMaker::kBlockRows * 16;
  for (std::int64_t done = 0; done < rows; done += kStep) {
    for (const table::Table& block :
         maker.make(first + done, std::min(kStep, rows - done), plan.threads, counts)) {
      append_rows(all, block);
      progress.advance(block.n_rows());
    }
  }
  const table::ShardPart written = table::write_part(plan.path, part, all);
  base::write_text_file(note_path(plan, part),
                        fingerprint(plan, first, rows) + " " + written.sha256);
  return written;
}

std::map<std::int64_t, table::ShardPart> make_own_parts(const OutputPlan& plan,
                                                        const TableMaker& maker,
                                                        std::int64_t n_parts,
                                                        const base::Communicator& communicator,
                                                        RetryCounts& counts) {
  const auto first_row = [&](std::int64_t part) { return part * plan.rows_per_part; };
  const auto rows_of = [&](std::int64_t part) {
    return std::min(plan.rows_per_part, plan.rows - first_row(part));
  };
  std::int64_t own_rows = 0;
  for (std::int64_t part = communicator.rank(); part < n_parts; part += communicator.size())
    own_rows += rows_of(part);
  base::Progress progress("generate", own_rows,
                          communicator.size() > 1 ? "rows of this rank" : "rows");
  std::map<std::int64_t, table::ShardPart> own;
  for (std::int64_t part = communicator.rank(); part < n_parts; part += communicator.size()) {
    table::ShardPart made;
    if (kept_part(plan, part, first_row(part), rows_of(part), made)) {
      base::log_info("{} is there already and whole: kept", made.file);
      progress.advance(rows_of(part));
    } else {
      made = make_part(plan, maker, part, first_row(part), rows_of(part), progress, counts);
    }
    own[part] = made;
  }
  return own;
}

/// The parts of all ranks in order, on every rank.
std::vector<table::ShardPart> gathered(const std::map<std::int64_t, table::ShardPart>& own,
                                       std::int64_t n_parts, base::Communicator& communicator) {
  std::string text;
  for (const auto& [part, made] : own)
    text += fmt::format("{} {} {}\n", part, made.rows, made.sha256);
  std::vector<table::ShardPart> parts(static_cast<std::size_t>(n_parts));
  for (const auto& bytes : communicator.all_gather(std::as_bytes(std::span(text)))) {
    const std::string lines(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at), one = lines.find(' ', at),
                        two = lines.find(' ', one + 1);
      const std::int64_t part = std::stoll(lines.substr(at, one - at));
      parts.at(static_cast<std::size_t>(part)) = {table::part_file_name(part),
                                                  std::stoll(lines.substr(one + 1, two - one - 1)),
                                                  lines.substr(two + 1, end - two - 1)};
      at = end + 1;
    }
  }
  return parts;
}

}  // namespace

void write_shard_directory(const OutputPlan& plan, const TableMaker& maker,
                           base::Communicator& communicator, RetryCounts& counts) {
  if (communicator.rank() == 0) prepare_directory(plan);
  communicator.barrier();
  const std::int64_t n_parts =
      std::max<std::int64_t>(1, (plan.rows + plan.rows_per_part - 1) / plan.rows_per_part);
  const auto own = make_own_parts(plan, maker, n_parts, communicator, counts);
  const std::vector<table::ShardPart> parts = gathered(own, n_parts, communicator);
  if (communicator.rank() == 0) {
    tidy(plan, n_parts);
    table::write_manifest(
        plan.path, {maker.schema(), parts, plan.seed, plan.model_sha256, program_text(plan)});
  }
  communicator.barrier();
}

}  // namespace semblance::generator
