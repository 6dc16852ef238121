#include "prepare/prepare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "base/communicator.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kPeople = "PERSON,Born,SEX\n1,1950-06-15,F\n2,1960-01-01,M\n3,,F\n";
constexpr const char* kVisits =
    "visit,person,at,ward,value\n10,1,2001-01-05 10:00:00,A,1.5\n11,2,2001-02-01 09:30:00,B,\n"
    "12,1,2001-03-01 00:00:00,A,2.5\n13,9,2001-04-01 12:00:00,\"C, north\",4\n14,2,2001-01-01 "
    "08:00:00,A,7\n";

const std::string kSources = R"(
sources:
  people: {file: people, columns: {PERSON: integer, BORN: date, SEX: text}}
  visits: {file: VISITS, columns: {VISIT: integer, PERSON: integer, AT: datetime, WARD: text, VALUE: float}}
)";

class Prepare : public testing::Test {
 protected:
  void SetUp() override {
    write("People.csv", kPeople);
    write("visits.CSV", kVisits);
  }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    base::write_text_file(path(name), text);
  }
  /// The output of a recipe made of the usual sources and these tables.
  std::string run(const std::string& rest, int threads = 2, std::int64_t memory_mib = 64) {
    return run_whole(kSources + rest, threads, memory_mib);
  }
  std::string run_whole(const std::string& recipe, int threads = 2, std::int64_t memory_mib = 64) {
    write("recipe.yaml", recipe);
    prepare(
        {path("recipe.yaml"), directory_.path().string(), path("out.csv"), "", memory_mib, threads},
        *communicator_);
    return base::read_text_file(path("out.csv"));
  }
  std::string complaint(const std::string& rest, ErrorKind kind = ErrorKind::kData) {
    return complaint_of_whole(kSources + rest, kind);
  }
  std::string complaint_of_whole(const std::string& recipe, ErrorKind kind = ErrorKind::kData) {
    try {
      run_whole(recipe);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_FALSE(std::filesystem::exists(path("out.csv")));
      return error.what();
    }
    return "(none)";
  }
  base::TemporaryDirectory directory_;
  std::unique_ptr<base::Communicator> communicator_ = base::self_communicator();
};

std::string visits(const std::string& steps, const std::string& columns = "") {
  return "tables:\n  t:\n    from: visits\n    steps:\n" + steps + "output: {from: t" +
         (columns.empty() ? "" : ", columns: [" + columns + "]") + "}\n";
}

TEST_F(Prepare, FindsFilesAndColumnsWhateverTheirCase) {
  EXPECT_EQ(run("output: {from: people}\n"),
            "PERSON,BORN,SEX\n1,1950-06-15,F\n2,1960-01-01,M\n3,,F\n");
}

TEST_F(Prepare, FiltersDerivesAndSelects) {
  EXPECT_EQ(run(visits("      - filter: WARD = 'A' and VALUE < 7\n"
                       "      - derive: {DOUBLE: VALUE * 2, LABEL: \"concat(WARD, '-', VISIT)\"}\n"
                       "      - rename: {VISIT: ID}\n"
                       "      - select: [ID, DOUBLE, LABEL]\n")),
            "ID,DOUBLE,LABEL\n10,3,A-10\n12,5,A-12\n");
}

TEST_F(Prepare, JoinsKeepTheOrderOfTheLeftAndMissingKeysMeetNobody) {
  EXPECT_EQ(run(visits("      - join: {with: people, on: [PERSON], promise: one}\n"
                       "      - derive: {AGE: \"years_between(BORN, AT)\"}\n",
                       "VISIT, SEX, AGE")),
            "VISIT,SEX,AGE\n10,F,50\n11,M,41\n12,F,50\n14,M,41\n");
  EXPECT_EQ(
      run(visits(
          "      - join: {with: people, on: {PERSON: PERSON}, unmatched: keep, columns: [SEX]}\n",
          "VISIT, SEX")),
      "VISIT,SEX\n10,F\n11,M\n12,F\n13,\n14,M\n");
}

TEST_F(Prepare, TakesTheFirstRowsOfEachKey) {
  EXPECT_EQ(run(visits("      - head: {per: [PERSON], rows: 1}\n", "VISIT")),
            "VISIT\n10\n11\n13\n");
  EXPECT_EQ(run(visits("      - first: {per: [PERSON], by: AT}\n", "VISIT")),
            "VISIT\n10\n14\n13\n");
  EXPECT_EQ(run(visits("      - last: {per: [PERSON], by: AT}\n", "VISIT")), "VISIT\n12\n11\n13\n");
  // Three persons: round(0.3 * 3) = 1 keeps one row, the others two.
  EXPECT_EQ(
      run(visits("      - head: {per: [PERSON], shares: [{up_to: 0.3, rows: 1}, {rows: 2}]}\n",
                 "VISIT")),
      "VISIT\n10\n11\n13\n14\n");
}

TEST_F(Prepare, GathersSortsAndSamples) {
  EXPECT_EQ(run(visits("      - gather: [PERSON]\n", "VISIT")), "VISIT\n10\n12\n11\n14\n13\n");
  EXPECT_EQ(run(visits("      - sort: [WARD, -VALUE]\n", "VISIT")), "VISIT\n14\n12\n10\n11\n13\n");
  const std::string sample =
      run(visits("      - sample: {per: [PERSON], rows: 1, seed: 3}\n", "PERSON"));
  EXPECT_THAT(sample, AllOf(HasSubstr("1\n"), HasSubstr("2\n"), HasSubstr("9\n")));
  EXPECT_EQ(std::count(sample.begin(), sample.end(), '\n'), 4);
}

TEST_F(Prepare, MinusZeroInARowThatIsKeptIsZeroAndNotMissing) {
  write("zero.csv", "K,X\n2,-0.0\n1,\n");
  EXPECT_EQ(run_whole("sources: {z: {file: zero, columns: {K: integer, X: float}}}\n"
                      "tables: {t: {from: z, steps: [{sort: [K]}]}}\n"
                      "output: {from: t}\n"),
            "K,X\n1,\n2,0\n");
}

TEST_F(Prepare, AggregatesPerKey) {
  EXPECT_EQ(run(visits("      - aggregate:\n          per: [PERSON]\n          values:\n"
                       "            N: {take: count}\n            MEAN: {take: mean, of: VALUE}\n"
                       "            FIRST: {take: first, of: WARD, by: AT}\n            LATE: "
                       "{take: max, of: AT}\n"
                       "            IN_A: {take: count, where: \"WARD = 'A'\"}\n")),
            "PERSON,N,MEAN,FIRST,LATE,IN_A\n1,2,2,A,2001-03-01 00:00:00,2\n2,2,7,A,2001-02-01 "
            "09:30:00,1\n"
            "9,1,4,\"C, north\",2001-04-01 12:00:00,0\n");
}

TEST_F(Prepare, OneShiftAKeyKeepsIntervalsWeekdaysAndSeasons) {
  const std::string steps =
      "      - derive: {THEN: \"add_days(AT, 10)\", BEFORE: AT}\n"
      "      - shift_dates: {per: [PERSON], columns: [AT, THEN], onto: {column: AT, years: [2015, "
      "2019]}, seed: 5}\n"
      "      - derive: {DAYS: \"days_between(BEFORE, AT)\", GAP: \"days_between(AT, THEN)\", YEAR: "
      "\"year(AT)\"}\n"
      "      - derive: {WEEKS: \"DAYS % 7\", SEASON: \"abs(month(AT) - month(BEFORE))\"}\n";
  const std::string out = run(visits(steps, "GAP, WEEKS, YEAR"));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 6);
  EXPECT_THAT(out, testing::MatchesRegex("GAP,WEEKS,YEAR\n(10,0,20(14|15|16|17|18|19|20)\n)+"));
  EXPECT_EQ(out, run(visits(steps, "GAP, WEEKS, YEAR"), 1));
}

TEST_F(Prepare, ThePythonGeneratorDrawsInTheOrderOfTheRows) {
  const std::string table =
      "tables:\n  t:\n    from: visits\n    random: {generator: python, seed: 2021}\n    steps:\n"
      "      - derive: {R: \"randrange(-5, 1000)\"}\noutput: {from: t, columns: [R]}\n";
  EXPECT_EQ(run(table), "R\n851\n408\n873\n639\n552\n");
}

TEST_F(Prepare, TablesAreMadeOfTablesInAnyOrder) {
  EXPECT_EQ(run("tables:\n  z: {from: y, steps: [{filter: VISIT > 10}]}\n  y: {from: visits, "
                "steps: [{filter: VISIT < 13}]}\n"
                "output: {from: z, columns: {id: VISIT, when: {from: AT, kind: date}}}\n"),
            "id,when\n11,2001-02-01\n12,2001-03-01\n");
}

TEST_F(Prepare, ReadsParquetAndHdf5Tables) {
  for (const std::string extension : {".parquet", ".h5"}) {
    write("recipe.yaml", kSources + "output: {from: visits}\n");
    prepare({path("recipe.yaml"), directory_.path().string(), path("copy" + extension), "", 64, 1},
            *communicator_);
    const std::string copy =
        "sources:\n  copy: {file: copy, columns: {VISIT: integer, AT: datetime, WARD: text, VALUE: "
        "float}}\noutput: {from: copy}\n";
    EXPECT_EQ(run_whole(copy),
              "VISIT,AT,WARD,VALUE\n10,2001-01-05 10:00:00,A,1.5\n11,2001-02-01 "
              "09:30:00,B,\n12,2001-03-01 00:00:00,A,2.5\n"
              "13,2001-04-01 12:00:00,\"C, north\",4\n14,2001-01-01 08:00:00,A,7\n");
    std::filesystem::remove(path("copy" + extension));
  }
}

TEST_F(Prepare, SameRowsForAnyNumberOfThreads) {
  std::string big = "ID,GROUP,X\n";
  for (std::int64_t i = 0; i < 300000; ++i)
    big += std::to_string(i) + "," + std::to_string(i * 7919 % 1009) + "," +
           std::to_string(i % 97) + "\n";
  write("big.csv", big);
  const std::string recipe =
      "sources: {big: {columns: {ID: integer, GROUP: integer, X: float}}}\n"
      "tables: {t: {from: big, steps: [{filter: X > 3}, {head: {per: [GROUP], rows: "
      "5}}]}}\noutput: {from: t}\n";
  EXPECT_EQ(run_whole(recipe, 1), run_whole(recipe, 4));
}

// ---------------------------------------------------------------------------------------- ranks
/// Recipes that use each way in which rows leave the ranks: streamed, kept, drawn, numbered.
const std::string kRanksRecipe = R"yaml(
sources:
  notes: {row_number: N, number_runs: {column: VALUE, rows: 500}, columns: {ID: integer, GROUP: integer, NOTE: text, VALUE: text}}
  groups: {columns: {GROUP: integer, NAME: text}}
tables:
  firsts: {from: notes, steps: [{filter: "ID % 3 = 0"}, {first: {per: [GROUP], by: NOTE}}, {rename: {NOTE: FIRST}}, {select: [GROUP, FIRST]}]}
  t:
    from: notes
    random: {generator: python, seed: 2021}
    steps:
      - join: {with: firsts, on: [GROUP], unmatched: keep}
      - join: {with: groups, on: [GROUP]}
      - derive: {TEXT: "concat(NAME, ':', NOTE)", R: "randrange(0, 1000)"}
      - head: {per: [GROUP], rows: 9}
      - derive: {VALUE: "as_read_in_runs(VALUE, N)"}
output: {from: t}
)yaml";

/// A table whose notes hold quotes, separators and line ends; groups are numbered from 0 to 96.
std::string noted_rows(int n) {
  std::string text = "ID,GROUP,NOTE,VALUE\n";
  for (int i = 0; i < n; ++i) {
    text += std::to_string(i) + "," + std::to_string(i * 7919 % 97) + ",\"note " +
            std::to_string(i * 31 % 1000) + (i % 3 == 0 ? "\n\"\"quoted\"\",\n" : "") + "\"," +
            std::to_string(i % 13) + (i / 500 % 2 == 0 ? "" : ".0") + "\n";
  }
  return text;
}

TEST_F(Prepare, SameTableForAnyNumberOfRanks) {
  write("notes.csv", noted_rows(60000));
  std::string groups = "GROUP,NAME\n";
  for (int i = 0; i < 90; ++i) groups += std::to_string(i) + ",\"g\n" + std::to_string(i) + "\"\n";
  write("groups.csv", groups);
  const std::string wanted = run_whole(kRanksRecipe);
  EXPECT_GT(wanted.size(), 10000u);
  for (const int ranks : {2, 3}) {
    std::filesystem::remove(path("out.csv"));
    base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
      prepare({path("recipe.yaml"), directory_.path().string(), path("out.csv"), "", 64, 2},
              communicator);
    });
    EXPECT_EQ(base::read_text_file(path("out.csv")), wanted) << ranks;
  }
}

TEST_F(Prepare, AnErrorOnOneRankIsTheErrorOfAllAndLeavesNoOutput) {
  write("notes.csv", noted_rows(60000) + "60001,not a number,x,1\n");
  write("recipe.yaml", "sources: {notes: {columns: {GROUP: integer}}}\noutput: {from: notes}\n");
  int failed = 0;
  std::mutex mutex;
  base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
    try {
      prepare({path("recipe.yaml"), directory_.path().string(), path("out.csv"), "", 64, 1},
              communicator);
    } catch (const base::Error& error) {
      const std::lock_guard lock(mutex);
      EXPECT_THAT(error.what(), AllOf(HasSubstr("notes.csv: row 60001, column GROUP"),
                                      HasSubstr("'not a number'")));
      ++failed;
    }
  });
  EXPECT_EQ(failed, 3);
  EXPECT_FALSE(std::filesystem::exists(path("out.csv")));
}

TEST_F(Prepare, ReadsOnlyTheFirstRowsWhereAskedTo) {
  EXPECT_EQ(run_whole("sources: {visits: {rows: 2, row_number: N, columns: {VISIT: "
                      "integer}}}\noutput: {from: visits}\n"),
            "VISIT,N\n10,1\n11,2\n");
}

// ------------------------------------------------------------------------------------ bad input
TEST_F(Prepare, NamesAMissingFileOrColumnWithTheNearestAndTheLine) {
  EXPECT_THAT(
      complaint_of_whole(
          "sources:\n  a: {file: PEOPEL, columns: {SEX: text}}\noutput: {from: a}\n"),
      AllOf(HasSubstr("recipe.yaml:2:3"), HasSubstr("PEOPEL"), HasSubstr("did you mean 'People'")));
  EXPECT_THAT(
      complaint_of_whole(
          "sources:\n  people: {columns: {SEX: text, BORM: date}}\noutput: {from: people}\n"),
      AllOf(HasSubstr("recipe.yaml:2:33"), HasSubstr("People.csv"),
            HasSubstr("did you mean 'Born'")));
  EXPECT_THAT(complaint(visits("      - filter: WARDS = 'A'\n")),
              AllOf(HasSubstr("recipe.yaml:9:17"), HasSubstr("did you mean 'WARD'")));
  EXPECT_THAT(complaint("output: {from: visit}\n"), HasSubstr("did you mean 'visits'"));
}

TEST_F(Prepare, EntityAndEarlierDateAreColumnsOfTheOutput) {
  EXPECT_THAT(
      complaint("output: {from: visits, entity: PERSON, columns: {person: PERSON, w: WARD}}"),
      AllOf(HasSubstr("recipe.yaml:5:"),
            HasSubstr("entity names 'PERSON', which is no "
                      "column of the output"),
            HasSubstr("did you mean 'person'?")));
  EXPECT_THAT(
      complaint("output: {from: visits, columns: {w: WARD, at: {from: AT, relative_to: born}}}"),
      HasSubstr("relative_to names 'born'"));
  EXPECT_THAT(run("output: {from: visits, entity: who, columns: {who: PERSON}}"),
              HasSubstr("who\n1\n"));
}

TEST_F(Prepare, NamesRowAndColumnOfAValueThatDoesNotFit) {
  EXPECT_THAT(
      complaint_of_whole("sources: {people: {columns: {BORN: integer}}}\noutput: {from: people}\n"),
      AllOf(HasSubstr("People.csv: row 1, column Born"),
            HasSubstr("'1950-06-15' is not a whole number")));
  EXPECT_THAT(
      complaint_of_whole("sources: {visits: {columns: {AT: date}}}\noutput: {from: visits}\n"),
      HasSubstr("has a time of day"));
}

TEST_F(Prepare, RefusesDuplicateKeysWhereOneIsPromised) {
  EXPECT_THAT(
      complaint("tables: {t: {from: people, steps: [{join: {with: visits, on: [PERSON], promise: "
                "one}}]}}\noutput: {from: t}\n"),
      AllOf(HasSubstr("promises one row a key"), HasSubstr("PERSON = 1 comes more than once")));
  EXPECT_THAT(complaint(visits("      - unique: [PERSON]\n")),
              HasSubstr("PERSON = 1 comes more than once"));
}

TEST_F(Prepare, RefusesAJoinThatExplodes) {
  std::string many = "WARD,X\n";
  for (int i = 0; i < 2000; ++i) many += "A," + std::to_string(i) + "\n";
  write("many.csv", many);
  EXPECT_THAT(complaint("  many: {columns: {WARD: text, X: integer}}\n" +
                        visits("      - join: {with: many, on: [WARD]}\n")),
              AllOf(HasSubstr("explodes"), HasSubstr("WARD = A"), HasSubstr("2000 matches")));
}

TEST_F(Prepare, RefusesARecipeThatGoesInACircle) {
  EXPECT_THAT(complaint("tables:\n  a: {from: b}\n  b: {from: visits, steps: [{join: {with: a, on: "
                        "[VISIT]}}]}\noutput: {from: a}\n"),
              AllOf(HasSubstr("circle"), HasSubstr("a needs b needs a")));
}

TEST_F(Prepare, RefusesAGzFileCutShortAndRowsWithTooManyFields) {
  std::string text = "X\n";
  for (std::int64_t i = 0; i < 100000; ++i) text += std::to_string(i * 7919) + "\n";
  gzFile file = gzopen(path("cut.csv.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::filesystem::resize_file(path("cut.csv.gz"),
                               std::filesystem::file_size(path("cut.csv.gz")) / 2);
  EXPECT_THAT(complaint_of_whole("sources: {cut: {columns: {X: integer}}}\noutput: {from: cut}\n"),
              HasSubstr("cut.csv.gz"));
  write("wide.csv", "A,B\n1,2\n1,2,3\n");
  EXPECT_THAT(
      complaint_of_whole("sources: {wide: {columns: {A: integer}}}\noutput: {from: wide}\n"),
      AllOf(HasSubstr("wide.csv"), HasSubstr("row 2")));
  write("latin.csv", "A,B\n1,caf\xe9\n");
  EXPECT_THAT(complaint_of_whole("sources: {latin: {columns: {B: text}}}\noutput: {from: latin}\n"),
              AllOf(HasSubstr("latin.csv"), HasSubstr("UTF-8")));
}

TEST_F(Prepare, RefusesWhatIsNoRecipeNamingTheLine) {
  EXPECT_THAT(
      complaint("tables: {t: {from: visits, steps: [{fliter: VISIT > 1}]}}\noutput: {from: t}\n"),
      AllOf(HasSubstr("recipe.yaml:5"), HasSubstr("did you mean 'filter'")));
  EXPECT_THAT(complaint("tables: [\n"), HasSubstr("recipe.yaml:"));
  EXPECT_THAT(complaint_of_whole("sources: {a: {columns: {X: interger}}}\noutput: {from: a}\n"),
              HasSubstr("did you mean 'integer'"));
  EXPECT_THAT(complaint_of_whole("sources: {a: {columns: {X: text}}}\n"),
              HasSubstr("needs 'output'"));
  EXPECT_THAT(complaint(visits("      - derive: {A: 1, A: 2}\n")), HasSubstr("given twice"));
  EXPECT_THAT(complaint(visits("      - derive: {R: \"randrange(1, 5)\"}\n")), HasSubstr("random"));
  EXPECT_THAT(complaint(visits("      - join: {with: people, on: [WARD]}\n")),
              HasSubstr("no column 'WARD'"));
  EXPECT_THAT(complaint(visits("      - filter: VISIT + 1\n")), HasSubstr("needs a condition"));
}

TEST_F(Prepare, StopsAtTheMemoryBoundNotBeyondIt) {
  std::string big = "ID\n";
  for (int i = 0; i < 400000; ++i) big += std::to_string(i) + "\n";
  write("big.csv", big);
  try {
    run_whole(
        "sources: {big: {columns: {ID: integer}}}\ntables: {t: {from: big, steps: [{sort: "
        "[-ID]}]}}\noutput: {from: t}\n",
        1, 1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("memory bound of 1 MiB"), HasSubstr("--memory-mib")));
  }
}

TEST_F(Prepare, RefusesAnInputDirectoryThatIsNotThere) {
  write("recipe.yaml", kSources + "output: {from: people}\n");
  EXPECT_THROW(
      prepare({path("recipe.yaml"), path("nowhere"), path("out.csv"), "", 64, 1}, *communicator_),
      base::Error);
}

}  // namespace
}  // namespace semblance::prepare
