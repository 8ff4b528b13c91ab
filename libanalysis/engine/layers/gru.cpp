// GRU, gates in the order z, r, h: h = z h' + (1 - z) n with z = s(x W_z + h' U_z + b_z), r likewise, and
//     n = f(x W_h + b_h + r (h' U_h + b'_h))   with `reset_after`, where the recurrent products have a bias of their own,
//     n = f(x W_h + (r h') U_h + b_h)          without;
// s is `recurrent_activation`, f `activation`, h' the state before the step. See recurrence.hpp.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/recurrence.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_gru(const LayerSpec& spec) {
    const PointwiseFunction f = cell_activation(spec), s = cell_recurrent_activation(spec);
    const bool reset_after = spec.boolean("reset_after", true);
    constexpr std::size_t h = 0;
    CellProgram cell(1, 3);
    cell.two_biases = reset_after;
    const std::size_t zz = cell.linear(0, true, h), zr = cell.linear(1, true, h);
    const std::size_t update = cell.map(s, zz), reset = cell.map(s, zr);
    std::size_t zn = 0;
    if (reset_after) {
        const std::size_t of_input = cell.linear(2, true, std::nullopt), of_state = cell.linear(2, false, h);
        zn = cell.sum({{reset, of_state}}, {{1, of_input}});
    } else {
        const std::size_t kept = cell.sum({{reset, h}});
        zn = cell.linear(2, true, kept);
    }
    const std::size_t candidate = cell.map(f, zn);
    const std::size_t apart = cell.sum({}, {{1, h}, {-1, candidate}});   // h' - n
    cell.next = {cell.sum({{update, apart}}, {{1, candidate}})};
    return make_recurrence(spec, std::move(cell));
}

}  // namespace

const LayerKind gru_kind{"gru", make_gru};

}  // namespace assay::engine::layers
