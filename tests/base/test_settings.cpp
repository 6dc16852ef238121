#include "base/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace semblance::base {
namespace {

struct Example {
  bool flag = true;
  int count = 3;
  std::uint64_t seed = 1;
  double rate = 0.5;
  std::string name = "x";
  std::vector<std::string> columns;
  SettingList list() {
    SettingList out;
    out.add("flag", &flag, "");
    out.add("count", &count, "");
    out.add("seed", &seed, "");
    out.add("rate", &rate, "");
    out.add("name", &name, "");
    out.add("columns", &columns, "");
    return out;
  }
};

std::string message_of(SettingList& list, std::string_view name, std::string_view value) {
  try {
    list.set(name, value);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "";
}

TEST(Settings, TextBecomesTheValueOfItsType) {
  Example e;
  SettingList list = e.list();
  list.set("flag", "no");
  list.set("count", "-7");
  list.set("seed", "18446744073709551615");
  list.set("rate", "1e-3");
  list.set("columns", "a,b");
  EXPECT_FALSE(e.flag);
  EXPECT_EQ(e.count, -7);
  EXPECT_EQ(e.seed, 18446744073709551615ull);
  EXPECT_EQ(e.rate, 1e-3);
  EXPECT_THAT(e.columns, testing::ElementsAre("a", "b"));
}

TEST(Settings, AnUnknownNameIsAnErrorThatNamesTheNearest) {
  Example e;
  SettingList list = e.list();
  EXPECT_THAT(message_of(list, "cuont", "1"), testing::HasSubstr("did you mean 'count'"));
}

TEST(Settings, AValueOfAnotherTypeIsAnErrorThatSaysWhatIsWanted) {
  Example e;
  SettingList list = e.list();
  EXPECT_THAT(message_of(list, "count", "3.5"), testing::HasSubstr("a whole number"));
  EXPECT_THAT(message_of(list, "seed", "-1"), testing::HasSubstr("not negative"));
  EXPECT_THAT(message_of(list, "flag", "maybe"), testing::HasSubstr("true or false"));
  EXPECT_THAT(message_of(list, "rate", "fast"), testing::HasSubstr("a number"));
  EXPECT_EQ(e.count, 3) << "a refused value must not change the setting";
}

}  // namespace
}  // namespace semblance::base
