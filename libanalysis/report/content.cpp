#include "libanalysis/report/content.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"

#include <algorithm>
#include <map>

namespace assay::report {
namespace {

std::string word(const Json& cell) {
    if (cell.is_null()) return "";
    return cell.is_string() ? cell.get<std::string>() : cell.dump();
}

}  // namespace

Content content_of(const store::Store& store) {
    Content content{store::table_of(store), store.models(), store.runs(), {}, store.origins(), store.data_keys()};
    const Json zoo = store.meta("zoo");
    if (zoo.is_object() && zoo.contains("title") && zoo["title"].is_string()) content.title = zoo["title"].get<std::string>();
    return content;
}

std::string in_words(const store::Origin& origin) {
    return std::to_string(origin.values) + " values in " + origin.precision + " on " + origin.device + " (" + origin.instruction_set + ")";
}

evaluate::Frame frame_of(const store::Table& table) {
    evaluate::Frame frame;
    frame.models = table.models;
    for (const auto& [name, cells] : table.config) {
        evaluate::Factor factor{name, {}};
        for (const Json& cell : cells) factor.values.push_back(word(cell));
        frame.config.push_back(std::move(factor));
    }
    for (const auto& [name, values] : table.metrics) frame.metrics.push_back({name, values});
    for (const auto& [name, values] : table.measures) frame.measures.push_back({name, values});
    for (const auto& [name, values] : table.arrays) frame.arrays.push_back({name, values});
    return frame;
}

void keep_models(Content& content, const std::set<std::string>& names, std::string_view where) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < content.table.models.size(); ++i)
        if (names.contains(content.table.models[i])) kept.push_back(i);
    if (kept.size() < names.size())
        for (const std::string& name : names)
            if (std::find(content.table.models.begin(), content.table.models.end(), name) == content.table.models.end())
                throw Error(ErrorKind::data, {std::string(where), "models of the store that are ok, by path", name});
    const auto thin = [&](auto& values) {
        std::remove_reference_t<decltype(values)> few;
        for (const std::size_t i : kept) few.push_back(std::move(values[i]));
        values = std::move(few);
    };
    thin(content.table.models);
    for (auto& [name, cells] : content.table.config) thin(cells);
    for (auto& [name, values] : content.table.metrics) thin(values);
    for (auto& [name, values] : content.table.measures) thin(values);
    for (auto& [name, values] : content.table.arrays) thin(values);
    std::erase_if(content.models, [&](const store::ModelRow& row) { return !names.contains(row.path); });
}

std::vector<std::string> contents_of(const Content& content) {
    std::map<std::string, std::string> by_path;
    for (const store::ModelRow& row : content.models) by_path[row.path] = row.content;
    std::vector<std::string> contents;
    for (const std::string& path : content.table.models) contents.push_back(by_path[path]);
    return contents;
}

std::string zoo_hash(const std::vector<store::ModelRow>& models) {
    std::vector<std::string> hashes;
    for (const store::ModelRow& model : models)
        if (model.status == "ok") hashes.push_back(model.content);
    std::sort(hashes.begin(), hashes.end());
    Hasher hasher;
    for (const std::string& hash : hashes) hasher.update(hash + "\n");
    return hasher.finish();
}

}  // namespace assay::report
