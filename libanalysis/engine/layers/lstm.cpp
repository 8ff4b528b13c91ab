// LSTM, gates in the order i, f, c, o: with z = x W + h' U + b cut into four, c = s(z_f) c' + s(z_i) f(z_c) and h = s(z_o) f(c), where s
// is `recurrent_activation`, f `activation`, and h', c' are the states before the step. See recurrence.hpp.

#include "libanalysis/engine/layers/kinds.hpp"
#include "libanalysis/engine/layers/recurrence.hpp"

namespace assay::engine::layers {
namespace {

std::unique_ptr<Layer> make_lstm(const LayerSpec& spec) {
    const PointwiseFunction f = cell_activation(spec), s = cell_recurrent_activation(spec);
    constexpr std::size_t h = 0, c = 1;
    CellProgram cell(2, 4);
    const std::size_t zi = cell.linear(0, true, h), zf = cell.linear(1, true, h), zc = cell.linear(2, true, h), zo = cell.linear(3, true, h);
    const std::size_t in = cell.map(s, zi), forget = cell.map(s, zf), candidate = cell.map(f, zc);
    const std::size_t out = cell.map(s, zo);
    const std::size_t carried = cell.sum({{in, candidate}, {forget, c}});
    const std::size_t shown = cell.map(f, carried);
    const std::size_t given = cell.sum({{out, shown}});
    cell.next = {given, carried};
    return make_recurrence(spec, std::move(cell));
}

}  // namespace

const LayerKind lstm_kind{"lstm", make_lstm};

}  // namespace assay::engine::layers
