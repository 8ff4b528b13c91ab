#pragma once
// The CPU's lane. Its members are defined by subject: memory.cpp, vectors.cpp, matrices.cpp, reductions.cpp, maps.cpp,
// convolution.cpp, pooling.cpp, moving.cpp.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/cpu/lane_state.hpp"

namespace assay::engine::cpu {

class CpuBackend final : public Backend {
public:
    explicit CpuBackend(std::shared_ptr<LanePool> pool) : pool_(std::move(pool)), state_(pool_->take()) {}
    ~CpuBackend() override { pool_->give(std::move(state_)); }
    CpuBackend(const CpuBackend&) = delete;
    CpuBackend& operator=(const CpuBackend&) = delete;

    std::string_view device() const override { return "cpu"; }
    std::unique_ptr<Backend> lane() const override { return std::make_unique<CpuBackend>(pool_); }

    Buffer allocate(DType type, std::size_t size) override;
    void upload(const void* host, View to) override;
    void download(ConstView from, void* host) override;
    void copy(ConstView from, View to) override;
    void fill(View x, double value) override;

    void axpy(double a, ConstView x, View y) override;
    void scale(double a, View x) override;
    void multiply(ConstView x, ConstView y, View z, bool accumulate) override;
    double dot(ConstView x, ConstView y) override;
    std::vector<double> dots(std::span<const ConstView> xs, ConstView y) override;
    void add_combination(std::span<const ConstView> xs, std::span<const double> factors, View y) override;
    void accumulate(ConstView x, View sum) override;
    void fold(std::span<const ConstView> parts, double factor, View sum) override;

    void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
              std::int64_t lda, ConstView b, std::int64_t ldb, double beta, View c, std::int64_t ldc) override;
    void gemm_batched(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
                      std::int64_t lda, std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b, double beta,
                      View c, std::int64_t ldc, std::int64_t stride_c, std::int64_t count) override;
    void add_row(ConstView row, View x, std::int64_t rows, std::int64_t cols) override;
    void multiply_row(ConstView row, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) override;
    void affine_rows(ConstView x1, ConstView row1, ConstView x2, ConstView row2, ConstView shift, View y, std::int64_t rows, std::int64_t cols,
                     bool accumulate) override;
    void multiply_column(ConstView column, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) override;
    void column_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) override;
    using Backend::column_dots;
    void column_dots(ConstView x, ConstView y, ConstView shift, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) override;
    void row_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) override;
    void row_dots(ConstView x, ConstView y, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) override;
    void softmax(ConstView x, std::int64_t rows, std::int64_t cols, View y) override;

    void map(Pointwise f, double alpha, ConstView x, View y) override;
    void map_first(Pointwise f, double alpha, ConstView x, ConstView g, View out, bool accumulate) override;
    void map_second(Pointwise f, double alpha, ConstView x, ConstView a, ConstView b, View out, bool accumulate) override;

    using Backend::conv_forward;
    void conv_forward(const ConvGeometry& g, ConstView x, ConstView w, ConstView bias, View y, bool accumulate) override;
    void conv_backward_input(const ConvGeometry& g, ConstView gy, ConstView w, View gx, bool accumulate) override;
    void conv_backward_weights(const ConvGeometry& g, ConstView x, ConstView gy, View gw, bool accumulate) override;
    void conv_windows(const ConvGeometry& g, ConstView x, View windows) override;

    void max_pool(const PoolGeometry& g, ConstView x, View y, View argmax) override;
    void average_pool(const PoolGeometry& g, ConstView x, View y) override;
    void average_pool_transpose(const PoolGeometry& g, ConstView gy, View gx) override;

    void gather(ConstView x, ConstView index, View y) override;
    void scatter_add(ConstView g, ConstView index, View x) override;
    void gather_rows(ConstView table, ConstView rows, std::int64_t cols, View y) override;
    void scatter_add_rows(ConstView g, ConstView rows, std::int64_t cols, View table) override;
    void permute(ConstView x, std::span<const std::int64_t> shape, std::span<const std::int64_t> order, View y, bool accumulate) override;
    void copy_block(std::int64_t rows, std::int64_t cols, ConstView from, std::int64_t from_stride, View to, std::int64_t to_stride,
                    bool accumulate) override;

private:
    std::shared_ptr<LanePool> pool_;
    std::unique_ptr<LaneState> state_;
};

}  // namespace assay::engine::cpu
