/// Runs the real program and keeps what it said.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::testing {

struct Outcome {
  int code = -1;         ///< exit code; 128 + number of the signal that ended it
  std::string out, err;  ///< standard output and error
};

/// Runs `words` (a program on PATH or by its path, then arguments) in `directory` and waits for it.
/// \param standard_output  a file to write to in place of Outcome::out, for example /dev/full
inline Outcome run_program(const std::vector<std::string>& words,
                           const std::string& directory = ".",
                           const std::string& standard_output = "") {
  const base::TemporaryDirectory kept;
  const std::string out = standard_output.empty() ? kept.file("out") : standard_output,
                    err = kept.file("err");
  const pid_t child = ::fork();
  if (child == 0) {
    const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out_file < 0 || err_file < 0 || ::chdir(directory.c_str()) != 0) ::_exit(126);
    ::dup2(out_file, STDOUT_FILENO);
    ::dup2(err_file, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (standard_output.empty()) outcome.out = base::read_text_file(out);
  outcome.err = base::read_text_file(err);
  return outcome;
}

/// Runs `semblance ARGUMENTS` in `directory`.
inline Outcome semblance(std::vector<std::string> arguments, const std::string& directory = ".",
                         const std::string& standard_output = "") {
  arguments.insert(arguments.begin(), SEMBLANCE_PROGRAM);
  return run_program(arguments, directory, standard_output);
}

/// A table of `rows` rows with a number, a category and a date, as CSV.
inline std::string small_csv(int rows) {
  std::string text = "age,sex,admitted\n";
  for (int i = 0; i < rows; ++i) {
    text += std::to_string(20 + i * 7 % 60) + (i % 3 == 0 ? ",f," : ",m,") + "2020-01-" +
            (i % 28 < 9 ? "0" : "") + std::to_string(1 + i % 28) + "\n";
  }
  return text;
}

}  // namespace semblance::testing
