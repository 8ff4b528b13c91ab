#pragma once
// What a worker keeps between tasks: the opened data set with its decoded rows. Zoo runs ask for the same one thousands of times.

#include "libanalysis/core/context.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"

#include <filesystem>
#include <string>

namespace assay::tools {

/// The data set at `path`, opened again only when the file's size or time of change is another. Its inputs are decoded once
/// and held in memory where they fit into a third of `memory`, else they are streamed.
const data::Dataset& open_data(const std::filesystem::path& path, std::size_t memory);

/// Bytes of decoded rows that `dataset`, opened by open_data, holds in memory.
std::size_t held_bytes(const data::Dataset& dataset);

/// {"scale", "offset", "mean", "deviation", "declared"}; every field may be absent. @throws Error{usage}
data::Preprocessing preprocessing_from(const Json& json);
/// What the arguments declare, or else what the model's file does.
data::Preprocessing preprocessing_for(const Json& arguments, const model::Model& model);

/// The rows of a split that a request means, with their words for the store's key: "all", "first 2000", "500 of first 2000".
struct Selection {
    data::Rows rows;
    std::string words;
};
/// `take` is null or {"take": "first", "count": n}; `samples` rows are drawn from those by `seed`, 0 means all.
/// @throws Error{data} when the split has fewer rows.
Selection select_rows(const std::shared_ptr<const data::Split>& split, const data::Preprocessing& preprocessing, const Json& take,
                      std::int64_t samples, Seed seed);

}  // namespace assay::tools
