/// Files for tests: plain and gzip text in a directory that removes itself, and error texts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::table {

/// A directory for one test, with files that are made in one line.
class TestFiles : public base::TemporaryDirectory {
 public:
  std::string operator/(const std::string& name) const { return file(name); }
  std::string write(const std::string& name, std::string_view text) const {
    base::write_text_file(path() / name, text);
    return file(name);
  }
};

/// One gzip member.
inline std::string gzipped(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Kind and message of the Error that `body` must throw.
template <class Body>
std::pair<base::ErrorKind, std::string> error_of(const Body& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {base::ErrorKind::kInternal, ""};
}

}  // namespace semblance::table
