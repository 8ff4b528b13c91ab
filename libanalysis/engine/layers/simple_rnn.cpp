// SimpleRNN: h = f(x W + h' U + b), with h' the state before the step. See recurrence.hpp for what all recurrent layers share.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/recurrence.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_simple_rnn(const LayerSpec& spec) {
    const PointwiseFunction f = cell_activation(spec);
    CellProgram cell(1, 1);
    const std::size_t z = cell.linear(0, true, 0);
    cell.next = {cell.map(f, z)};
    return make_recurrence(spec, std::move(cell));
}

}  // namespace

const LayerKind simple_rnn_kind{"simple_rnn", make_simple_rnn};

}  // namespace assay::engine::layers
