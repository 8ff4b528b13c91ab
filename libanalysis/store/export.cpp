#include "libanalysis/store/export.hpp"

#include "libanalysis/store/columns.hpp"

#include <charconv>
#include <cmath>

namespace assay::store {
namespace {

std::string text_cell(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos && !text.starts_with(' ') && !text.ends_with(' ')) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

std::string shortest(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

std::string csv_cell(const Json& value) {
    if (value.is_null()) return "";
    if (value.is_number_float()) return shortest(value.get<double>());
    if (value.is_string()) return text_cell(std::string_view(value.get_ref<const std::string&>()));
    return text_cell(std::string_view(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

void export_csv(const Store& store, const Sink& sink) {
    const Columns columns = columns_of(store, false);
    std::string line = "model,status";
    for (const auto& [name, cells] : columns.metrics) line += "," + text_cell("metric." + name);
    for (const auto& [name, cells] : columns.config) line += "," + text_cell("config." + name);
    for (const auto& [name, cells] : columns.measures) line += "," + text_cell("measure." + name);
    sink(line + "\n");
    for (std::size_t i = 0; i < columns.models.size(); ++i) {
        line = text_cell(std::string_view(columns.models[i].path)) + "," + columns.models[i].status;
        for (const auto& [name, cells] : columns.metrics) line += "," + csv_cell(cells[i]);
        for (const auto& [name, cells] : columns.config) line += "," + csv_cell(cells[i]);
        for (const auto& [name, cells] : columns.measures) line += "," + (std::isnan(cells[i]) ? std::string() : shortest(cells[i]));
        sink(line + "\n");
    }
}

void export_jsonl(const Store& store, const Sink& sink) {
    const Columns columns = columns_of(store, false);
    for (std::size_t i = 0; i < columns.models.size(); ++i) {
        Json row = {{"model", columns.models[i].path}, {"status", columns.models[i].status}};
        for (const auto& [name, cells] : columns.metrics) row["metric." + name] = cells[i];
        for (const auto& [name, cells] : columns.config) row["config." + name] = cells[i];
        for (const auto& [name, cells] : columns.measures)
            row["measure." + name] = std::isnan(cells[i]) ? Json() : number_to_json(cells[i]);
        sink(row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
}

}  // namespace assay::store
