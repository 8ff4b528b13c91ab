#pragma once
// What tables and exports are made of: one pass over the store.

#include "libanalysis/store/store.hpp"

namespace assay::store {

struct Columns {
    std::vector<ModelRow> models;                             ///< by path
    std::map<std::string, std::vector<Json>> config;
    std::map<std::string, std::vector<Json>> metrics;
    std::map<std::string, std::vector<double>> measures;      ///< NaN: missing
    std::map<std::string, std::vector<std::vector<double>>> arrays;   ///< empty: missing
};
Columns columns_of(const Store& store, bool only_ok);

}  // namespace assay::store
