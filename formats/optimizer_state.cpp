// What a Keras file keeps of its optimizer: how much, and after how many steps.

#include "formats/candidate.hpp"
#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "formats/keras_zip.hpp"

namespace assay::formats {
namespace {

/// "iter" of "Adam/iter:0"; "iteration", "iterations" in newer files.
bool counts_steps(const std::string& path) {
    std::string name = path.substr(path.rfind('/') + 1);
    name = name.substr(0, name.find(':'));
    return name == "iter" || name == "iteration" || name == "iterations";
}

/// Keras 3 numbers the variables of an optimizer: the step is the first, an integer.
bool is_first_variable(const std::string& path) { return path == "vars/0"; }

OptimizerState state_of(const hdf5::Group& group) {
    OptimizerState state;
    for (const std::string& path : group.leaves()) {
        const hdf5::Dataset dataset = group.dataset(path);
        if (!dataset.is_numeric()) continue;
        const std::int64_t numbers = element_count(dataset.shape());
        const bool integer = dataset.type_name().find("int") != std::string::npos;
        if (numbers == 1 && integer && !state.steps && (counts_steps(path) || is_first_variable(path))) {
            state.steps = dataset.read<std::int64_t>().at(0);
            continue;
        }
        ++state.arrays;
        state.numbers += numbers;
    }
    return state;
}

}  // namespace

std::optional<OptimizerState> optimizer_state(const std::filesystem::path& path) {
    Candidate candidate(path);
    if (candidate.has_hdf5_signature()) {
        const hdf5::File& file = candidate.hdf5();
        return file.has_group("optimizer_weights") ? std::optional(state_of(file.group("optimizer_weights"))) : std::nullopt;
    }
    if (!keras::is_archive(candidate)) return std::nullopt;
    const keras::Archive archive = keras::open_archive(candidate);
    return archive.weights.has_group("optimizer") ? std::optional(state_of(archive.weights.group("optimizer"))) : std::nullopt;
}

}  // namespace assay::formats
