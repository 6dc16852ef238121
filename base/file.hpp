/// Files that appear whole or not at all, and content hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::base {

/// A file (or directory) written under a temporary name beside its final one. commit() renames it
/// into place; without commit() the destructor removes it, so nothing half-written ever stands
/// under the final name.
class PendingPath {
 public:
  /// \throws Error{kIo} when the parent directory does not exist or cannot be written
  explicit PendingPath(std::filesystem::path final_path);
  ~PendingPath();
  PendingPath(const PendingPath&) = delete;
  PendingPath& operator=(const PendingPath&) = delete;

  /// To write to until commit(): hidden, in the directory of the final path.
  const std::filesystem::path& temporary() const { return temporary_; }
  /// For messages; nothing of this run stands there before commit().
  const std::filesystem::path& final_path() const { return final_; }
  /// Flushes to disk and renames; an existing final file or directory is replaced.
  void commit();

 private:
  std::filesystem::path final_, temporary_;
  bool committed_ = false;
};

/// For an output whose writing would destroy what the run reads.
/// \param inputs  files or directories; empty and absent ones are no concern
/// \throws Error{kUsage} when `output` is one of `inputs`, by whatever path each is named
void expect_no_input_replaced(const std::filesystem::path& output,
                              const std::vector<std::filesystem::path>& inputs);

/// For an output that costs much work: what can be told of its place before that.
/// \throws Error{kIo} when `output` is a directory, or its own directory cannot be written
void expect_writable_file(const std::filesystem::path& output);

/// The whole file as text. \throws Error{kIo} when it cannot be read
std::string read_text_file(const std::filesystem::path& path);

/// Writes a whole text file by way of a PendingPath. \throws Error{kIo}
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// SHA-256 in pieces, as lower-case hexadecimal.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  /// Adds bytes; how they are cut into calls makes no difference.
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  /// Ends the hash; call once.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a file's bytes; of a directory: of the names and hashes of its files, in name order.
std::string sha256_of_path(const std::filesystem::path& path);

}  // namespace semblance::base
