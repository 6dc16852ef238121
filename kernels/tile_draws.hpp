/// The random numbers of a tile of rows on the CPU: the same bits as those of one row at a time
/// (kernels/sample_cell.hpp), in loops that vectorise.
#pragma once

#include <cstdint>

namespace semblance::kernels {

/// z of `rows` rows from first_row on. \param z  [rows, latent]
void draw_latent_rows(std::uint64_t seed, std::uint64_t first_row, int rows, int latent, float* z);

/// Uniform numbers that pick the tokens. \param u  [columns rounded up to 4, rows]
void draw_uniform_rows(std::uint64_t seed, std::uint64_t first_row, int rows, int columns,
                       float* u);

}  // namespace semblance::kernels
