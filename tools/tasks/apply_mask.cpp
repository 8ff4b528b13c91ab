// A checkpoint with a mask applied: to its own weights, or to initial weights (a lottery ticket).

#include "formats/format.hpp"
#include "formats/mask_file.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/pruning/mask.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/analysis.hpp"
#include "tools/tasks/open_model.hpp"

#include <algorithm>

namespace assay::tools::tasks {
namespace {

pruning::Masks masks_for(const model::Model& model, const formats::MaskFile& file, const std::string& path) {
    pruning::Masks masks(model.parameters.size());
    for (const formats::MaskFile::Mask& mask : file.masks) {
        const auto found = std::find_if(model.parameters.begin(), model.parameters.end(), [&](const auto& parameter) { return parameter.name == mask.parameter; });
        if (found == model.parameters.end())
            throw Error(ErrorKind::format, {path, "masks of parameters that " + model.path + " has", mask.parameter, "Is it the mask of another architecture?"});
        if (found->shape != mask.shape)
            throw Error(ErrorKind::format, {path + ", " + mask.parameter, "shape " + to_string(found->shape), "shape " + to_string(mask.shape), "Is it the mask of another architecture?"});
        masks[static_cast<std::size_t>(found - model.parameters.begin())] = mask.kept;
    }
    return masks;
}

Json run(const Json& arguments, const Context&, const std::function<void(const Json&)>&) {
    const std::string path = text_argument(arguments, "path"), mask_path = text_argument(arguments, "mask"), init = text_argument(arguments, "init"),
                      out = text_argument(arguments, "out");
    const auto model = open_model(arguments);
    if (!model) throw Error(ErrorKind::format, {path, "a checkpoint", "a file that no format claims"});
    const formats::MaskFile file = formats::read_masks(mask_path);
    const pruning::Masks masks = masks_for(*model, file, mask_path);
    std::vector<std::string> notes = model->notes;
    const std::string hash = hash_file(path);
    if (!file.model_hash.empty() && file.model_hash != hash) notes.push_back("the masks were made for another file of this architecture");
    const bool ticket = !init.empty();
    const model::Weights weights = pruning::masked(ticket ? formats::load_weights_for(*model, init) : model->weights, masks);
    formats::save_weights(*model, weights, out, ticket);

    std::size_t count = 0, nonzero = 0;
    for (const auto& array : pruning::nonzero(*model, weights)) count += array.size(), nonzero += pruning::kept(array);
    Json masked = Json::array();
    for (const formats::MaskFile::Mask& mask : file.masks) masked.push_back({{"parameter", mask.parameter}, {"weights", mask.kept.size()}, {"kept", pruning::kept(mask.kept)}});
    return {{"path", path}, {"out", out}, {"content", hash_file(out)}, {"mask", mask_path}, {"method", file.method}, {"ticket", ticket}, {"init", init},
            {"weights", count}, {"nonzero", nonzero}, {"masked", std::move(masked)}, {"version", tool_version()}, {"notes", std::move(notes)}};
}

}  // namespace

extern const zoo::Task apply_mask{"apply_mask", run};

}  // namespace assay::tools::tasks
