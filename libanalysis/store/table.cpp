#include "libanalysis/store/columns.hpp"

#include <limits>

namespace assay::store {

Columns columns_of(const Store& store, bool only_ok) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    Columns columns;
    std::multimap<std::string, std::size_t> by_content;
    for (ModelRow& row : store.models()) {
        if (only_ok && row.status != "ok") continue;
        if (!row.content.empty()) by_content.emplace(row.content, columns.models.size());
        columns.models.push_back(std::move(row));
    }
    const std::size_t count = columns.models.size();
    for (std::size_t i = 0; i < count; ++i) {
        for (const auto& [name, value] : columns.models[i].config.items()) columns.config.try_emplace(name, count).first->second[i] = value;
        for (const auto& [name, value] : columns.models[i].metrics.items()) columns.metrics.try_emplace(name, count).first->second[i] = value;
    }
    for (const ValueRow& row : store.values()) {
        if (!row.key.layer.empty()) continue;
        const auto [first, last] = by_content.equal_range(row.key.model);
        for (auto at = first; at != last; ++at) {
            // Equal checkpoints may have different initial weights.
            if (!row.key.init.empty() && row.key.init != columns.models[at->second].init_content) continue;
            if (const auto* array = std::get_if<std::vector<double>>(&row.value)) {
                columns.arrays.try_emplace(column_of(row.key), count).first->second[at->second] = *array;
                continue;
            }
            auto& column = columns.measures.try_emplace(column_of(row.key), count, nan).first->second;
            if (const double* number = std::get_if<double>(&row.value)) column[at->second] = *number;
        }
    }
    return columns;
}

Table table_of(const Store& store) {
    Columns columns = columns_of(store, true);
    Table table;
    for (const ModelRow& row : columns.models) table.models.push_back(row.path);
    table.config = std::move(columns.config);
    for (const auto& [name, cells] : columns.metrics) {
        std::vector<double> numbers;
        bool numeric = false;
        for (const Json& cell : cells) {
            const bool number = cell.is_number() || (cell.is_string() && (cell == "nan" || cell == "inf" || cell == "-inf"));
            numeric = numeric || cell.is_number();
            numbers.push_back(number ? number_from_json(cell) : std::numeric_limits<double>::quiet_NaN());
        }
        if (numeric) table.metrics.emplace(name, std::move(numbers));
    }
    table.measures = std::move(columns.measures);
    table.arrays = std::move(columns.arrays);
    return table;
}

}  // namespace assay::store
