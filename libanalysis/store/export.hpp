#pragma once
// A store as flat text: a row a model, whatever its status. Columns: model, status, metric.*, config.*, measure.*.

#include "libanalysis/core/json.hpp"
#include "libanalysis/store/store.hpp"

#include <functional>
#include <string_view>

namespace assay::store {

using Sink = std::function<void(std::string_view)>;

/// RFC 4180: a header line, empty cells for what is missing, doubles in the fewest digits that read back as the same bits.
void export_csv(const Store& store, const Sink& sink);

/// One JSON object a line, every column in every line, null for what is missing; "nan", "inf", "-inf" as words.
void export_jsonl(const Store& store, const Sink& sink);

/// The fewest digits that read back as the same double; nan, inf, -inf.
std::string shortest(double value);

/// A cell of RFC 4180: empty for null, `shortest` for doubles, quoted where it must be.
std::string csv_cell(const Json& value);

}  // namespace assay::store
