/// The writers of the single formats.
#pragma once

#include <memory>
#include <string>

#include "table/write_table.hpp"

namespace semblance::table::detail {

/// Asserts that the table has the schema's columns, each as its kind is stored, all of one length.
void check_rows(const Table& rows, const Schema& schema);

std::unique_ptr<TableWriter> open_csv_writer(const std::string& path, const Schema& schema,
                                             bool gzip);
std::unique_ptr<TableWriter> open_parquet_writer(const std::string& path, const Schema& schema);
std::unique_ptr<TableWriter> open_hdf5_writer(const std::string& path, const Schema& schema);

}  // namespace semblance::table::detail
