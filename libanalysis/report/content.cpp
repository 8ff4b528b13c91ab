#include "libanalysis/report/content.hpp"

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
    Content content{store::table_of(store), store.models(), store.runs(), {}, store.origins()};
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
