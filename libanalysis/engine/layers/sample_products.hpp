#pragma once
// Weight gradients of single samples for layers that are a matrix product on every cell of a sample: Y_n = X_n W (+ b), with
// X_n [cells, inner] and W [inner, outer]. The gradient of sample n under seed k is X_n^T D_nk; all seeds share the work on X_n.

#include "libanalysis/engine/backend.hpp"

#include <functional>

namespace assay::engine::layers {

struct SampleProducts {
    std::int64_t batch, cells, inner, outer, seeds;
    /// Cells of samples first .. first + count - 1, [count, cells, inner]; the view lives until the next call.
    std::function<ConstView(std::int64_t first, std::int64_t count)> rows;
    ConstView gy;   ///< [seeds, batch, cells, outer]

    /// kernel[n] += sum_k || X_n^T D_nk ||^2 and bias[n] += sum_k || 1^T D_nk ||^2, where wanted. Either from the gradient or, where
    /// that is less work, as the inner product of the Gram matrices X_n X_n^T and sum_k D_nk D_nk^T.
    void norms(Backend& lane, View kernel, View bias) const;
    /// kernel += sum_nk (X_n^T D_nk)^2 and bias += sum_nk (1^T D_nk)^2, entry by entry, where wanted.
    void squares(Backend& lane, View kernel, View bias) const;
    std::int64_t samples_at_a_time() const;   ///< so that what is unrolled for them stays in a core's second-level cache

private:
    bool by_gram() const;
    /// visit(first sample, samples, D [samples, cells, seeds * outer]) for the whole batch.
    void for_blocks(Backend& lane, const std::function<void(std::int64_t first, std::int64_t count, ConstView d)>& visit) const;
    /// 1^T D, [samples, seeds * outer]
    void cell_sums(Backend& lane, std::int64_t count, ConstView d, View sums) const;
};

}  // namespace assay::engine::layers
