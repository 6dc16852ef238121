/// What the token of the row before adds to the logits of the same column in the next row of an
/// entity: a table a column. Equations: docs/MODEL.md, "Rows that belong together". Shared by
/// training and sampling.
#pragma once

#include <algorithm>
#include <cstdint>

namespace semblance::kernels {

/// Columns of at most so many tokens have a number for each pair of tokens.
inline constexpr int kMostPaired = 32;
/// Those of at most so many have one for each token that stays, and one for each distance.
inline constexpr int kMostOrdered = 256;
/// Distances told apart in either direction; all further ones count alike.
inline constexpr int kReach = 32;

/// Numbers in the table of a column of k tokens.
inline std::int64_t transition_size(int k) {
  if (k <= kMostPaired) return std::int64_t{k} * k;
  return k <= kMostOrdered ? k + 2 * kReach + 3 : k;
}

/// The place in that table of the step from one token to another; -1: the table says nothing.
inline int transition_at(int k, int before, int token) {
  if (k <= kMostPaired) return before * k + token;
  if (before == token) return before;
  return k <= kMostOrdered ? k + kReach + 1 + std::clamp(token - before, -kReach - 1, kReach + 1)
                           : -1;
}

/// Calls body(token, its place in the table) for the tokens of which the table says something.
template <class Body>
void for_each_transition(int k, int before, const Body& body) {
  const int first = k <= kMostOrdered ? 0 : before, last = k <= kMostOrdered ? k : before + 1;
  for (int token = first; token < last; ++token) body(token, transition_at(k, before, token));
}

}  // namespace semblance::kernels
