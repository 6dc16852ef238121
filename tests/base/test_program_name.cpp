#include "base/program_name.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <iterator>

namespace semblance::base {
namespace {

TEST(ProgramName, TheBuildIdIsTheOneInTheFileOfThisProgram) {
  const std::string id = build_id();
  ASSERT_GE(id.size(), 16u) << "the linker left no build id";
  std::string bytes;
  for (std::size_t i = 0; i < id.size(); i += 2) {
    ASSERT_TRUE(std::isxdigit(id[i]) && std::isxdigit(id[i + 1])) << id;
    bytes += static_cast<char>(std::stoi(id.substr(i, 2), nullptr, 16));
  }
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string program((std::istreambuf_iterator<char>(file)), {});
  using namespace std::string_literals;
  EXPECT_NE(program.find("GNU\0"s + bytes), std::string::npos);
}

TEST(ProgramName, NamesVersionAndBuild) {
  EXPECT_EQ(program_name().find("semblance "), 0u);
  EXPECT_NE(program_name().find("(build " + build_id().substr(0, 12) + ")"), std::string::npos);
  EXPECT_EQ(program_name(), program_name());
}

}  // namespace
}  // namespace semblance::base
