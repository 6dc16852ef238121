#include "base/file.hpp"
#include "table/detail/hdf5_columns.hpp"
#include "table/detail/table_writers.hpp"

namespace semblance::table::detail {
namespace {

class Hdf5Writer : public TableWriter {
 public:
  Hdf5Writer(const std::string& path, const Schema& schema)
      : pending_(path), columns_(pending_.temporary(), schema) {}
  void append(const Table& rows) override { columns_.append(rows); }
  void finish() override {
    columns_.finish();
    pending_.commit();
  }

 private:
  base::PendingPath pending_;
  Hdf5ColumnsWriter columns_;
};

}  // namespace

std::unique_ptr<TableWriter> open_hdf5_writer(const std::string& path, const Schema& schema) {
  return std::make_unique<Hdf5Writer>(path, schema);
}

}  // namespace semblance::table::detail
