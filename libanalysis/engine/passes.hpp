#pragma once
// Forward passes over many rows: micro-batches in parallel, results in order, memory in flight bounded. The same bits for any
// number of threads. Derivatives over many rows are primal.hpp's.

#include "libanalysis/engine/network.hpp"

#include <functional>
#include <span>
#include <vector>

namespace assay::engine {

/// Host matrix of the first output over rows, row-major [count, width], as doubles (exact copies of float32 values).
struct Outputs {
    std::int64_t count = 0;
    std::int64_t width = 0;
    std::vector<double> values;
    std::span<const double> row(std::int64_t i) const {
        return std::span(values).subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
    }
};

/// Outputs of the network over the rows. `parameters`: flat vector (Network::pack). Output `index`.
Outputs outputs_over(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context,
                     std::size_t index = 0);

/// Visits every micro-batch's tape in row order, one call at a time (for statistics of every layer).
/// Node values are network.node_names() order: tape.output(node).
void visit_forward(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context,
                   const std::function<void(std::int64_t first_row, const Tape&)>& visit);

}  // namespace assay::engine
