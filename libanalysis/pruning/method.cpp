#include "libanalysis/pruning/method.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/named.hpp"

#include <fmt/format.h>

namespace assay::pruning {

#define PRUNING_METHOD(id) extern const Method id;
namespace kinds {
#include "libanalysis/pruning/methods.def"
}
#undef PRUNING_METHOD

std::span<const Method* const> methods() {
#define PRUNING_METHOD(id) &kinds::id,
    static constexpr const Method* all[] = {
#include "libanalysis/pruning/methods.def"
    };
#undef PRUNING_METHOD
    return all;
}

const Method& find_method(std::string_view name) {
    if (const Method* method = find_named(methods(), name)) return *method;
    throw Error(ErrorKind::usage, {"method of pruning", "one of " + names_of(methods()), fmt::format("\"{}\"", name)});
}

Masks mask_by(const Method& method, const Problem& problem) {
    const std::string name(method.name);
    if (!(problem.sparsity >= 0 && problem.sparsity <= 1)) throw Error(ErrorKind::usage, {"sparsity", "a number from 0 to 1", fmt::format("{}", problem.sparsity)});
    if (method.needs_architecture && !problem.model.architecture)
        throw Error(ErrorKind::missing, {problem.model.path, "an architecture, because " + name + " runs the network", "weights only", "Give one with --architecture"});
    if (method.needs_data && !problem.rows) throw Error(ErrorKind::missing, {name, "rows with labels, because it scores by the loss's gradient", "no data"});
    return method.mask(problem);
}

}  // namespace assay::pruning
