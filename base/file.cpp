#include "base/file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/error.hpp"

namespace semblance::base {
namespace fs = std::filesystem;

PendingPath::PendingPath(fs::path final_path) : final_(std::move(final_path)) {
  if (final_.has_filename() == false) final_ = final_.parent_path();
  const fs::path parent = final_.has_parent_path() ? final_.parent_path() : fs::path(".");
  SEMBLANCE_EXPECT(fs::is_directory(parent), kIo, "{}: there is no directory '{}' to write into",
                   final_.string(), parent.string());
  if (::access(parent.c_str(), W_OK) != 0) fail_errno("write into its directory", final_.string());
  temporary_ = parent / fmt::format(".{}.{}.part", final_.filename().string(), ::getpid());
}

PendingPath::~PendingPath() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void PendingPath::commit() {
  const int file = ::open(temporary_.c_str(), O_RDONLY);
  if (file < 0 || ::fsync(file) != 0) fail_errno("flush", temporary_.string());
  ::close(file);
  std::error_code code;
  if (fs::is_directory(temporary_) && fs::exists(final_)) fs::remove_all(final_, code);
  fs::rename(temporary_, final_, code);
  SEMBLANCE_EXPECT(!code, kIo, "{}: cannot put into place: {}", final_.string(), code.message());
  committed_ = true;
}

void expect_no_input_replaced(const fs::path& output, const std::vector<fs::path>& inputs) {
  for (const fs::path& input : inputs) {
    std::error_code absent;
    SEMBLANCE_EXPECT(input.empty() || !fs::equivalent(output, input, absent), kUsage,
                     "{}: is also an input, and would be lost: choose another name for the output",
                     output.string());
  }
}

void expect_writable_file(const fs::path& output) {
  SEMBLANCE_EXPECT(!fs::is_directory(output), kIo, "{}: is a directory, a file is needed",
                   output.string());
  PendingPath{output};
}

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

FileHandle open_for_reading(const fs::path& path) {
  SEMBLANCE_EXPECT(!fs::is_directory(path), kIo, "{}: is a directory, a file is needed",
                   path.string());
  FileHandle file(std::fopen(path.c_str(), "rb"));
  if (!file) fail_errno("read", path.string());
  return file;
}

}  // namespace

std::string read_text_file(const fs::path& path) {
  const FileHandle file = open_for_reading(path);
  std::string text;
  char piece[1 << 16];
  while (const std::size_t n = std::fread(piece, 1, sizeof piece, file.get()))
    text.append(piece, n);
  if (std::ferror(file.get()) != 0) fail_errno("read", path.string());
  return text;
}

void write_text_file(const fs::path& path, std::string_view text) {
  PendingPath pending(path);
  {
    const FileHandle file(std::fopen(pending.temporary().c_str(), "wb"));
    if (!file) fail_errno("write", path.string());
    if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
        std::fflush(file.get()) != 0) {
      fail_errno("write", path.string());
    }
  }
  pending.commit();
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  SEMBLANCE_ASSERT(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  SEMBLANCE_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  SEMBLANCE_ASSERT(EVP_DigestFinal_ex(state_->context, digest, &length) == 1);
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string sha256_of_path(const fs::path& path) {
  Sha256 hash;
  if (fs::is_directory(path)) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      hash.update(fmt::format("{}\n{}\n", file.filename().string(), sha256_of_path(file)));
    }
    return hash.hex();
  }
  const FileHandle file = open_for_reading(path);
  std::vector<std::byte> piece(1 << 20);
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
    hash.update(std::span(piece.data(), n));
  }
  if (std::ferror(file.get()) != 0) fail_errno("read", path.string());
  return hash.hex();
}

}  // namespace semblance::base
