#include "libanalysis/linop/input_jacobian_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>

namespace assay::linop {

using engine::Buffer;
using engine::Primal;

InputJacobianOperator::InputJacobianOperator(const Primal& primal) : primal_(primal) {
    const engine::Network& network = primal.network();
    if (network.input_shapes().size() != 1 || network.input_types().front() == engine::DType::int32)
        throw Error(ErrorKind::unsupported, {"input Jacobian", "a network with one input of numbers",
                                             network.input_shapes().size() != 1 ? std::to_string(network.input_shapes().size()) + " inputs" : "indices"});
    count_ = static_cast<std::size_t>(primal.count());
    width_ = static_cast<std::size_t>(element_count(network.output_shapes().front()));
    input_ = static_cast<std::size_t>(element_count(network.input_shapes().front()));
}

// Micro-batches write to parts of y of their own.
void InputJacobianOperator::apply(std::span<const double> x, std::span<double> y) const {
    const engine::Network& network = primal_.network();
    primal_.visit(Primal::Part::values, [&](const Primal::Item& item) {
        const auto first = static_cast<std::size_t>(item.first_row), rows = static_cast<std::size_t>(item.tape.batch());
        const Buffer direction = item.lane.from_host(x.subspan(first * input_, rows * input_), network.options().precision);
        const std::vector<double> moved = item.lane.to_host(network.forward_tangent(item.lane, item.tape, {}, {direction.view()}).front());
        std::copy(moved.begin(), moved.end(), y.begin() + static_cast<std::ptrdiff_t>(first * width_));
    });
}

void InputJacobianOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    const engine::Network& network = primal_.network();
    primal_.visit(Primal::Part::values, [&](const Primal::Item& item) {
        const auto first = static_cast<std::size_t>(item.first_row), rows = static_cast<std::size_t>(item.tape.batch());
        const Buffer seed = item.lane.from_host(x.subspan(first * width_, rows * width_), network.options().precision);
        std::vector<Buffer> gradients;
        network.transpose(item.lane, item.tape, engine::seeds_of(network, seed), {}, &gradients);
        const std::vector<double> gradient = item.lane.to_host(gradients.front().view());
        std::copy(gradient.begin(), gradient.end(), y.begin() + static_cast<std::ptrdiff_t>(first * input_));
    });
}

}  // namespace assay::linop
