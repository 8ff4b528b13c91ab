#pragma once
// A backend that hands every primitive on to another one and shows each call to whoever derives from it: for timing, for counting,
// and for tests of what the engine asks of a device.

#include "libanalysis/engine/backend.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::engine {

class ForwardingBackend : public Backend {
    using I = std::int64_t;
    using C = ConstView;

public:
    /// One call of a primitive.
    struct Call {
        std::string_view primitive;
        std::array<std::int64_t, 9> shape{};   ///< gemm: m, n, k, count; convolutions: in, out, kernel h w, in h w, stride h w, groups
        double flops = 0;                      ///< of products and convolutions (2 for a multiply-add); 0 for everything else
        double bytes = 0;                      ///< of the arrays that are read and written, once each
    };

    explicit ForwardingBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}
    std::string_view device() const override { return inner_->device(); }
    std::unique_ptr<Backend> lane() const override = 0;
    MicroBatches micro_batches() const override { return inner_->micro_batches(); }
    void halve_micro_batches(int times) override { inner_->halve_micro_batches(times); }
    void give_back_memory() override { inner_->give_back_memory(); }
    int most_lanes() const override { return inner_->most_lanes(); }
    void synchronize() override { inner_->synchronize(); }

    Buffer allocate(DType type, std::size_t size) override {
        Buffer buffer;
        around({"allocate"}, [&] { buffer = inner_->allocate(type, size); });
        return buffer;
    }
    void upload(const void* host, View to) override { plain("upload", bytes(to), [&] { inner_->upload(host, in(to)); }); }
    void download(C from, void* host) override { plain("download", bytes(from), [&] { inner_->download(in(from), host); }); }
    void copy(C from, View to) override { plain("copy", bytes(from, to), [&] { inner_->copy(in(from), in(to)); }); }
    void fill(View x, double value) override { plain("fill", bytes(x), [&] { inner_->fill(in(x), value); }); }

    void axpy(double a, C x, View y) override { plain("axpy", bytes(x, y, y), [&] { inner_->axpy(a, in(x), in(y)); }); }
    void scale(double a, View x) override { plain("scale", bytes(x, x), [&] { inner_->scale(a, in(x)); }); }
    void multiply(C x, C y, View z, bool add) override {
        plain("multiply", bytes(x, y, z, old(z, add)), [&] { inner_->multiply(in(x), in(y), in(z), add); });
    }
    double dot(C x, C y) override {
        double value = 0;
        plain("dot", bytes(x, y), [&] { value = inner_->dot(in(x), in(y)); });
        return value;
    }
    void accumulate(C x, View sum) override { plain("accumulate", bytes(x, sum, sum), [&] { inner_->accumulate(in(x), in(sum)); }); }
    std::vector<double> dots(std::span<const C> xs, C y) override {
        std::vector<double> values;
        plain("dots", bytes_of(xs) + bytes(y), [&] { values = inner_->dots(all_in(xs), in(y)); });
        return values;
    }
    void add_combination(std::span<const C> xs, std::span<const double> factors, View y) override {
        plain("add_combination", bytes_of(xs) + bytes(y, y), [&] { inner_->add_combination(all_in(xs), factors, in(y)); });
    }
    void fold(std::span<const C> parts, double factor, View sum) override {
        plain("fold", bytes_of(parts) + bytes(sum), [&] { inner_->fold(all_in(parts), factor, in(sum)); });
    }

    void gemm(bool ta, bool tb, I m, I n, I k, double alpha, C a, I lda, C b, I ldb, double beta, View c, I ldc) override {
        around({gemm_name(ta, tb), {m, n, k, 1}, product(m, n, k), matrices(m, n, k, beta, size_of(c.type))},
               [&] { inner_->gemm(ta, tb, m, n, k, alpha, in(a), lda, in(b), ldb, beta, in(c), ldc); });
    }
    void gemm_batched(bool ta, bool tb, I m, I n, I k, double alpha, C a, I lda, I sa, C b, I ldb, I sb, double beta, View c, I ldc, I sc,
                      I count) override {
        const auto times = static_cast<double>(count);
        around({gemm_name(ta, tb), {m, n, k, count}, times * product(m, n, k), times * matrices(m, n, k, beta, size_of(c.type))},
               [&] { inner_->gemm_batched(ta, tb, m, n, k, alpha, in(a), lda, sa, in(b), ldb, sb, beta, in(c), ldc, sc, count); });
    }
    void add_row(C row, View x, I rows, I cols) override {
        plain("add_row", bytes(row, x, x), [&] { inner_->add_row(in(row), in(x), rows, cols); });
    }
    void multiply_row(C row, C x, View y, I rows, I cols, bool add) override {
        plain("multiply_row", bytes(row, x, y, old(y, add)), [&] { inner_->multiply_row(in(row), in(x), in(y), rows, cols, add); });
    }
    void affine_rows(C x1, C row1, C x2, C row2, C shift, View y, I rows, I cols, bool add) override {
        plain("affine_rows", bytes(x1, row1, x2, row2, shift, y, old(y, add)),
              [&] { inner_->affine_rows(in(x1), in(row1), in(x2), in(row2), in(shift), in(y), rows, cols, add); });
    }
    void multiply_column(C column, C x, View y, I rows, I cols, bool add) override {
        plain("multiply_column", bytes(column, x, y, old(y, add)), [&] { inner_->multiply_column(in(column), in(x), in(y), rows, cols, add); });
    }
    void column_sums(C x, I rows, I cols, View sums, bool add) override {
        plain("column_sums", bytes(x, sums), [&] { inner_->column_sums(in(x), rows, cols, in(sums), add); });
    }
    using Backend::column_dots;
    void column_dots(C x, C y, C shift, I rows, I cols, View dots, bool add) override {
        plain("column_dots", bytes(x, y, shift, dots), [&] { inner_->column_dots(in(x), in(y), in(shift), rows, cols, in(dots), add); });
    }
    void row_sums(C x, I rows, I cols, View sums, bool add) override {
        plain("row_sums", bytes(x, sums), [&] { inner_->row_sums(in(x), rows, cols, in(sums), add); });
    }
    void row_dots(C x, C y, I rows, I cols, View dots, bool add) override {
        plain("row_dots", bytes(x, y, dots), [&] { inner_->row_dots(in(x), in(y), rows, cols, in(dots), add); });
    }
    void softmax(C x, I rows, I cols, View y) override { plain("softmax", bytes(x, y), [&] { inner_->softmax(in(x), rows, cols, in(y)); }); }
    void symmetric_eigenvalues(I n, I count, View matrices, View values) override {
        plain("symmetric_eigenvalues", bytes(matrices, matrices, values), [&] { inner_->symmetric_eigenvalues(n, count, in(matrices), in(values)); });
    }

    void map(Pointwise f, PointwiseParameters p, C x, View y) override { plain("map", bytes(x, y), [&] { inner_->map(f, p, in(x), in(y)); }); }
    void map_first(Pointwise f, PointwiseParameters p, C x, C g, View out, bool add) override {
        plain("map_first", bytes(x, g, out, old(out, add)), [&] { inner_->map_first(f, p, in(x), in(g), in(out), add); });
    }
    void map_second(Pointwise f, PointwiseParameters p, C x, C a, C b, View out, bool add) override {
        plain("map_second", bytes(x, a, b, out, old(out, add)), [&] { inner_->map_second(f, p, in(x), in(a), in(b), in(out), add); });
    }

    using Backend::conv_forward;
    void conv_forward(const ConvGeometry& g, C x, C w, C bias, View y, bool add) override {
        around(call("conv_forward", g, bytes(x, w, bias, y, old(y, add))), [&] { inner_->conv_forward(g, in(x), in(w), in(bias), in(y), add); });
    }
    void conv_backward_input(const ConvGeometry& g, C gy, C w, View gx, bool add) override {
        around(call("conv_backward input", g, bytes(gy, w, gx, old(gx, add))), [&] { inner_->conv_backward_input(g, in(gy), in(w), in(gx), add); });
    }
    void conv_backward_weights(const ConvGeometry& g, C x, C gy, View gw, bool add) override {
        around(call("conv_backward weights", g, bytes(x, gy, gw, old(gw, add))), [&] { inner_->conv_backward_weights(g, in(x), in(gy), in(gw), add); });
    }
    void conv_windows(const ConvGeometry& g, C x, View windows) override {
        Call windowed = call("conv_windows", g, bytes(x, windows));
        windowed.flops = 0;
        around(windowed, [&] { inner_->conv_windows(g, in(x), in(windows)); });
    }

    void max_pool(const PoolGeometry& g, C x, View y, View argmax) override {
        plain("max_pool", bytes(x, y, argmax), [&] { inner_->max_pool(g, in(x), in(y), in(argmax)); });
    }
    void average_pool(const PoolGeometry& g, C x, View y) override { plain("average_pool", bytes(x, y), [&] { inner_->average_pool(g, in(x), in(y)); }); }
    void average_pool_transpose(const PoolGeometry& g, C gy, View gx) override {
        plain("average_pool_transpose", bytes(gy, gx, gx), [&] { inner_->average_pool_transpose(g, in(gy), in(gx)); });
    }

    void gather(C x, C index, View y) override { plain("gather", bytes(index, y, y), [&] { inner_->gather(in(x), in(index), in(y)); }); }
    void scatter_add(C g, C index, View x) override {
        plain("scatter_add", bytes(g, index, g, g), [&] { inner_->scatter_add(in(g), in(index), in(x)); });
    }
    void gather_rows(C table, C rows, I cols, View y) override {
        plain("gather_rows", bytes(rows, y, y), [&] { inner_->gather_rows(in(table), in(rows), cols, in(y)); });
    }
    void scatter_add_rows(C g, C rows, I cols, View table) override {
        plain("scatter_add_rows", bytes(g, rows, g, g), [&] { inner_->scatter_add_rows(in(g), in(rows), cols, in(table)); });
    }
    void permute(C x, std::span<const I> shape, std::span<const I> order, View y, bool add) override {
        plain("permute", bytes(x, y, old(y, add)), [&] { inner_->permute(in(x), shape, order, in(y), add); });
    }
    void copy_block(I rows, I cols, C from, I from_stride, View to, I to_stride, bool add) override {
        const double block = static_cast<double>(rows * cols) * static_cast<double>(size_of(to.type));
        plain("copy_block", (add ? 3 : 2) * block, [&] { inner_->copy_block(rows, cols, in(from), from_stride, in(to), to_stride, add); });
    }

protected:
    /// Runs `body`, which makes the call, once.
    virtual void around(const Call& call, const std::function<void()>& body) = 0;
    /// The other backend's view of what the caller sees; for those whose `allocate` hands out something else.
    virtual ConstView in(ConstView view) const { return view; }
    virtual View in(View view) const { return view; }
    Backend& inner() const { return *inner_; }

private:
    std::vector<C> all_in(std::span<const C> views) const {
        std::vector<C> result;
        for (const C& view : views) result.push_back(in(view));
        return result;
    }
    template <class... Views> static double bytes(const Views&... views) {
        return (0.0 + ... + (views.empty() ? 0.0 : static_cast<double>(views.size * size_of(views.type))));
    }
    static double bytes_of(std::span<const C> views) {
        double sum = 0;
        for (const C& view : views) sum += bytes(view);
        return sum;
    }
    static C old(View x, bool add) { return add ? C(x) : C{}; }   // what is added to is read too
    static double product(I m, I n, I k) { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
    static double matrices(I m, I n, I k, double beta, std::size_t size) {
        return static_cast<double>(m * k + k * n + (beta == 0 ? 1 : 2) * m * n) * static_cast<double>(size);
    }
    static std::string_view gemm_name(bool ta, bool tb) { return ta ? (tb ? "gemm TT" : "gemm TN") : (tb ? "gemm NT" : "gemm NN"); }
    static Call call(std::string_view name, const ConvGeometry& g, double size) {
        return {name, {g.in_c, g.out_c, g.kernel_h, g.kernel_w, g.in_h, g.in_w, g.stride_h, g.stride_w, g.groups},
                product(g.batch * g.out_h * g.out_w, g.out_c, g.kernel_h * g.kernel_w * (g.in_c / g.groups)), size};
    }
    template <class Body> void plain(std::string_view name, double size, Body&& body) { around({name, {}, 0, size}, body); }

    std::unique_ptr<Backend> inner_;
};

}  // namespace assay::engine
