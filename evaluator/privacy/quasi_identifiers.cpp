#include "evaluator/privacy/quasi_identifiers.hpp"

#include "evaluator/privacy/copies.hpp"

namespace semblance::evaluator {

QuasiIdentifiers quasi_identifiers(const Context& context) {
  QuasiIdentifiers out;
  const bool given = !context.options.quasi_identifiers.empty();
  if (given) {
    for (const std::string& name : context.options.quasi_identifiers)
      out.columns.push_back(context.data.find(name));
  } else {
    out.columns = likely_quasi_identifiers(context.data);
  }
  if (out.columns.empty()) {
    out.why_not =
        "no column has the name of a usual quasi-identifier (age, sex, ethnicity, postcode ...); "
        "name the columns "
        "that an attacker may know with --quasi-identifiers";
    return out;
  }
  for (const int j : out.columns) {
    out.text +=
        (out.text.empty() ? "" : ", ") + context.data.columns[static_cast<std::size_t>(j)].name();
  }
  if (!given) out.text += " (chosen by their names)";
  return out;
}

}  // namespace semblance::evaluator
