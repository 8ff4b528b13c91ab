#pragma once
// What rankings, evaluations and the report read from a store, in one piece.

#include "libanalysis/evaluate/frame.hpp"
#include "libanalysis/store/store.hpp"

#include <map>
#include <set>

namespace assay::report {

struct Content {
    store::Table table;                       ///< models with status ok
    std::vector<store::ModelRow> models;      ///< all rows
    std::vector<Json> runs;                   ///< provenance, oldest first
    std::string title;
    std::vector<store::Origin> origins{};     ///< what computed the values
    std::map<std::string, std::set<std::string>> data_keys{};   ///< by measure: the data that its values read
};

/// "1204 values in float32 on cpu (avx512)"
std::string in_words(const store::Origin& origin);

Content content_of(const store::Store& store);

/// The table without store types, for protocols and predictors.
evaluate::Frame frame_of(const store::Table& table);

/// Only the models that `names` names. @throws Error{data} naming one that is not among those that are ok; `where` is the list.
void keep_models(Content& content, const std::set<std::string>& names, std::string_view where);

/// Content hash of every model of the table.
std::vector<std::string> contents_of(const Content& content);

/// SHA-256 over the sorted content hashes of the models that are ok: names the zoo that a predictor was fitted to.
std::string zoo_hash(const std::vector<store::ModelRow>& models);

}  // namespace assay::report
