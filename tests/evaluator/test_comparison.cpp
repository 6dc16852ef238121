#include "evaluator/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using ::testing::HasSubstr;
using testing::kGone;
using testing::numbers;
using testing::texts;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Comparison, LevelsOfAllTablesShareOneCode) {
  const Comparison data = compare({texts("c", {"b", "a", ""})}, {texts("c", {"x", "a", "b"})});
  EXPECT_EQ(data.columns[0].levels, (std::vector<std::string>{"b", "a", "x"}));
  EXPECT_EQ(data.real.features[0].codes, (std::vector<std::int32_t>{0, 1, -1}));
  EXPECT_EQ(data.synthetic.features[0].codes, (std::vector<std::int32_t>{2, 1, 0}));
}

TEST(Comparison, TheRangeIsThatOfTheRealValues) {
  const Comparison data = compare({numbers("x", {3, kGone, -1})}, {numbers("x", {100})});
  EXPECT_EQ(data.columns[0].low, -1);
  EXPECT_EQ(data.columns[0].high, 3);
}

TEST(Comparison, ColumnsMayStandInAnotherOrder) {
  const Comparison data =
      compare({numbers("x", {1}), texts("c", {"a"})}, {texts("c", {"a"}), numbers("x", {2})});
  EXPECT_EQ(data.synthetic.features[0].numbers, (std::vector<double>{2}));
}

TEST(Comparison, WholeNumbersAndFractionsCompare) {
  table::Column whole;
  whole.spec = {.name = "x", .kind = table::Kind::kInteger};
  whole.ints = {1, table::kMissingInt};
  const Comparison data = compare({whole}, {numbers("x", {1.5, 2})});
  EXPECT_TRUE(cell_missing(data.real.features[0], 1));
  EXPECT_EQ(cell_text(data.columns[0], data.real.features[0], 0), "1");
  EXPECT_EQ(cell_text(data.columns[0], data.synthetic.features[0], 0), "1.5");
}

TEST(Comparison, IdentifiersAreLeftOutWithANote) {
  table::Column id = texts("patient", {"p1"});
  id.spec.kind = table::Kind::kId;
  const Comparison data = compare({id, numbers("x", {1})}, {numbers("x", {1})});
  EXPECT_EQ(data.n_columns(), 1);
  EXPECT_THAT(data.notes.at(0), HasSubstr("patient"));
}

TEST(Comparison, AMissingColumnIsNamedWithTheNearest) {
  EXPECT_THAT(message_of([] { compare({numbers("age", {1})}, {numbers("agge", {1})}); }),
              ::testing::AllOf(HasSubstr("'age'"), HasSubstr("agge")));
}

TEST(Comparison, AColumnOfAnotherKindIsRefused) {
  EXPECT_THAT(message_of([] { compare({numbers("x", {1})}, {texts("x", {"a"})}); }),
              HasSubstr("column 'x'"));
}

TEST(Comparison, AnEmptyTableIsRefused) {
  EXPECT_THAT(message_of([] { compare({numbers("x", {1})}, {numbers("x", {})}); }),
              HasSubstr("no rows"));
}

}  // namespace
}  // namespace semblance::evaluator
