#include "libanalysis/linop/curvature_operator.hpp"

#include "libanalysis/core/error.hpp"

namespace assay::linop {

bool CurvatureOperator::single_precision() const { return primal_.network().options().precision == engine::DType::float32; }

engine::Buffer CurvatureOperator::product(engine::ConstView direction, engine::DType type) const {
    engine::Buffer result;
    primal_.sum(part(), [&](const engine::Primal::Item& item, engine::View vector) {
        add(item, direction, vector);
        return 0.0;
    }, result, type);
    return result;
}

void CurvatureOperator::apply(std::span<const double> x, std::span<double> y) const {
    const engine::Buffer direction = primal_.upload(x);
    const engine::Buffer result = product(direction.view(), engine::DType::float64);
    primal_.backend().download(result.view(), y.data());
    if (regularised()) primal_.add_regulariser(x, y);
}

void CurvatureOperator::apply(std::span<const float> x, std::span<float> y) const {
    const engine::Buffer direction = primal_.upload(x);
    const engine::Buffer result = product(direction.view(), engine::DType::float32);
    primal_.backend().download(result.view(), y.data());
    if (regularised()) primal_.add_regulariser(x, y);
}

void CurvatureOperator::apply_on_device(engine::ConstView x, engine::View y) const {
    const engine::DType precision = primal_.network().options().precision;
    if (x.size != rows() || y.size != rows() || x.type != precision || y.type != precision)
        throw Error(ErrorKind::internal, {"curvature product on a device", "vectors of " + std::to_string(rows()) + " " + std::string(to_string(precision)) + " entries",
                                          std::to_string(x.size) + " and " + std::to_string(y.size) + " entries, " + std::string(to_string(x.type))});
    primal_.backend().copy(product(x, y.type).view(), y);
    if (regularised()) primal_.add_regulariser(x, y);
}

#define CURVATURE(name) extern const CurvatureKind name##_kind;
namespace kinds {
#include "libanalysis/linop/curvature_operators.def"
}
#undef CURVATURE

std::span<const CurvatureKind* const> curvature_kinds() {
#define CURVATURE(name) &kinds::name##_kind,
    static constexpr const CurvatureKind* all[] = {
#include "libanalysis/linop/curvature_operators.def"
    };
#undef CURVATURE
    return all;
}

const CurvatureKind& find_curvature_kind(std::string_view name) {
    std::string known;
    for (const CurvatureKind* kind : curvature_kinds()) {
        if (kind->name == name) return *kind;
        known += (known.empty() ? "" : ", ") + std::string(kind->name);
    }
    throw Error(ErrorKind::usage, {"operator", "one of " + known, std::string(name)});
}

std::vector<Block> parameter_blocks(const model::Model& model, const engine::Network& network, bool by_layer) {
    std::vector<Block> blocks;
    for (const auto& entry : network.layout().entries) {
        if (!entry.trainable) continue;
        const model::Parameter& parameter = model.parameters.at(entry.parameter);
        const std::string& name = by_layer ? parameter.layer : parameter.name;
        const bool same_layer = by_layer && !blocks.empty() && blocks.back().name == name && blocks.back().offset + blocks.back().size == entry.offset;
        if (same_layer) blocks.back().size += entry.size;
        else blocks.push_back({name, entry.offset, entry.size});
    }
    return blocks;
}

}  // namespace assay::linop
