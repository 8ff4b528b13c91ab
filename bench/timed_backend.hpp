#pragma once
// A backend that forwards every primitive to another one and adds up calls, seconds, flops and bytes under a label.

#include "libanalysis/engine/backend.hpp"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace assay::bench {

using namespace engine;

struct Cost {
    double calls = 0, seconds = 0;
    double flops = 0;   ///< of products and convolutions (2 for a multiply-add); 0 for everything else
    double bytes = 0;   ///< of the arrays that are read and written, once each
};

/// What the lanes of a TimedBackend add up together. Keys are cheap to make; words are for printing.
class Ledger {
public:
    struct Key {
        std::string_view primitive;
        std::array<std::int64_t, 9> shape{};   ///< gemm: m, n, k, count; convolutions: in, out, kernel h w, in h w, stride h w, groups
        auto operator<=>(const Key&) const = default;
    };
    void add(const Key& key, const Cost& cost) {
        const std::lock_guard lock(mutex_);
        Cost& sum = costs_[key];
        sum.calls += cost.calls, sum.seconds += cost.seconds, sum.flops += cost.flops, sum.bytes += cost.bytes;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        costs_.clear();
    }
    const std::map<Key, Cost>& costs() const { return costs_; }   ///< while no lane runs

    /// "conv 16->16 3x3 32x32 forward", "gemm NT 256x128x784 x16", "axpy".
    static std::string label(const Key& key) {
        const auto n = [&](std::size_t i) { return std::to_string(key.shape[i]); };
        if (key.primitive.starts_with("gemm")) return std::string(key.primitive) + " " + n(0) + "x" + n(1) + "x" + n(2) + (key.shape[3] > 1 ? " x" + n(3) : "");
        if (!key.primitive.starts_with("conv_")) return std::string(key.primitive);
        std::string words = "conv " + n(0) + "->" + n(1) + " " + n(2) + "x" + n(3) + " " + n(4) + "x" + n(5);
        if (key.shape[6] != 1 || key.shape[7] != 1) words += " /" + n(6) + "x" + n(7);
        if (key.shape[8] != 1) words += " groups " + n(8);
        return words + " " + std::string(key.primitive.substr(5));
    }

private:
    std::mutex mutex_;
    std::map<Key, Cost> costs_;
};

class TimedBackend final : public Backend {
    using I = std::int64_t;
    using C = ConstView;

public:
    TimedBackend(std::unique_ptr<Backend> inner, std::shared_ptr<Ledger> ledger) : inner_(std::move(inner)), ledger_(std::move(ledger)) {}
    std::string_view device() const override { return inner_->device(); }
    std::unique_ptr<Backend> lane() const override { return std::make_unique<TimedBackend>(inner_->lane(), ledger_); }
    MicroBatches micro_batches() const override { return inner_->micro_batches(); }
    int most_lanes() const override { return inner_->most_lanes(); }
    void synchronize() override { inner_->synchronize(); }

    Buffer allocate(DType type, std::size_t size) override {
        const auto start = now();
        Buffer buffer = inner_->allocate(type, size);
        book({"allocate"}, start, 0, 0);
        return buffer;
    }
    void upload(const void* host, View to) override { plain("upload", bytes(to), [&] { inner_->upload(host, to); }); }
    void download(C from, void* host) override { plain("download", bytes(from), [&] { inner_->download(from, host); }); }
    void copy(C from, View to) override { plain("copy", bytes(from, to), [&] { inner_->copy(from, to); }); }
    void fill(View x, double value) override { plain("fill", bytes(x), [&] { inner_->fill(x, value); }); }

    void axpy(double a, C x, View y) override { plain("axpy", bytes(x, y, y), [&] { inner_->axpy(a, x, y); }); }
    void scale(double a, View x) override { plain("scale", bytes(x, x), [&] { inner_->scale(a, x); }); }
    void multiply(C x, C y, View z, bool add) override { plain("multiply", bytes(x, y, z, old(z, add)), [&] { inner_->multiply(x, y, z, add); }); }
    double dot(C x, C y) override {
        double value = 0;
        plain("dot", bytes(x, y), [&] { value = inner_->dot(x, y); });
        return value;
    }
    void accumulate(C x, View sum) override { plain("accumulate", bytes(x, sum, sum), [&] { inner_->accumulate(x, sum); }); }
    std::vector<double> dots(std::span<const C> xs, C y) override {
        std::vector<double> values;
        plain("dots", bytes_of(xs) + bytes(y), [&] { values = inner_->dots(xs, y); });
        return values;
    }
    void add_combination(std::span<const C> xs, std::span<const double> factors, View y) override {
        plain("add_combination", bytes_of(xs) + bytes(y, y), [&] { inner_->add_combination(xs, factors, y); });
    }
    void fold(std::span<const C> parts, double factor, View sum) override {
        plain("fold", bytes_of(parts) + bytes(sum), [&] { inner_->fold(parts, factor, sum); });
    }

    void gemm(bool ta, bool tb, I m, I n, I k, double alpha, C a, I lda, C b, I ldb, double beta, View c, I ldc) override {
        timed({gemm_name(ta, tb), {m, n, k, 1}}, product(m, n, k), matrices(m, n, k, beta, size_of(c.type)),
              [&] { inner_->gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); });
    }
    void gemm_batched(bool ta, bool tb, I m, I n, I k, double alpha, C a, I lda, I sa, C b, I ldb, I sb, double beta, View c, I ldc, I sc,
                      I count) override {
        const auto times = static_cast<double>(count);
        timed({gemm_name(ta, tb), {m, n, k, count}}, times * product(m, n, k), times * matrices(m, n, k, beta, size_of(c.type)),
              [&] { inner_->gemm_batched(ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, count); });
    }
    void add_row(C row, View x, I rows, I cols) override { plain("add_row", bytes(row, x, x), [&] { inner_->add_row(row, x, rows, cols); }); }
    void multiply_row(C row, C x, View y, I rows, I cols, bool add) override {
        plain("multiply_row", bytes(row, x, y, old(y, add)), [&] { inner_->multiply_row(row, x, y, rows, cols, add); });
    }
    void affine_rows(C x1, C row1, C x2, C row2, C shift, View y, I rows, I cols, bool add) override {
        plain("affine_rows", bytes(x1, row1, x2, row2, shift, y, old(y, add)),
              [&] { inner_->affine_rows(x1, row1, x2, row2, shift, y, rows, cols, add); });
    }
    void multiply_column(C column, C x, View y, I rows, I cols, bool add) override {
        plain("multiply_column", bytes(column, x, y, old(y, add)), [&] { inner_->multiply_column(column, x, y, rows, cols, add); });
    }
    void column_sums(C x, I rows, I cols, View sums, bool add) override {
        plain("column_sums", bytes(x, sums), [&] { inner_->column_sums(x, rows, cols, sums, add); });
    }
    void column_dots(C x, C y, C shift, I rows, I cols, View dots, bool add) override {
        plain("column_dots", bytes(x, y, shift, dots), [&] { inner_->column_dots(x, y, shift, rows, cols, dots, add); });
    }
    void row_sums(C x, I rows, I cols, View sums, bool add) override {
        plain("row_sums", bytes(x, sums), [&] { inner_->row_sums(x, rows, cols, sums, add); });
    }
    void row_dots(C x, C y, I rows, I cols, View dots, bool add) override {
        plain("row_dots", bytes(x, y, dots), [&] { inner_->row_dots(x, y, rows, cols, dots, add); });
    }
    void softmax(C x, I rows, I cols, View y) override { plain("softmax", bytes(x, y), [&] { inner_->softmax(x, rows, cols, y); }); }

    void map(Pointwise f, double alpha, C x, View y) override { plain("map", bytes(x, y), [&] { inner_->map(f, alpha, x, y); }); }
    void map_first(Pointwise f, double alpha, C x, C g, View out, bool add) override {
        plain("map_first", bytes(x, g, out, old(out, add)), [&] { inner_->map_first(f, alpha, x, g, out, add); });
    }
    void map_second(Pointwise f, double alpha, C x, C a, C b, View out, bool add) override {
        plain("map_second", bytes(x, a, b, out, old(out, add)), [&] { inner_->map_second(f, alpha, x, a, b, out, add); });
    }

    void conv_forward(const ConvGeometry& g, C x, C w, C bias, View y, bool add) override {
        timed(key("conv_forward", g), work(g), bytes(x, w, bias, y, old(y, add)), [&] { inner_->conv_forward(g, x, w, bias, y, add); });
    }
    void conv_backward_input(const ConvGeometry& g, C gy, C w, View gx, bool add) override {
        timed(key("conv_backward input", g), work(g), bytes(gy, w, gx, old(gx, add)), [&] { inner_->conv_backward_input(g, gy, w, gx, add); });
    }
    void conv_backward_weights(const ConvGeometry& g, C x, C gy, View gw, bool add) override {
        timed(key("conv_backward weights", g), work(g), bytes(x, gy, gw, old(gw, add)), [&] { inner_->conv_backward_weights(g, x, gy, gw, add); });
    }
    void conv_windows(const ConvGeometry& g, C x, View windows) override {
        timed(key("conv_windows", g), 0, bytes(x, windows), [&] { inner_->conv_windows(g, x, windows); });
    }

    void max_pool(const PoolGeometry& g, C x, View y, View argmax) override {
        plain("max_pool", bytes(x, y, argmax), [&] { inner_->max_pool(g, x, y, argmax); });
    }
    void average_pool(const PoolGeometry& g, C x, View y) override { plain("average_pool", bytes(x, y), [&] { inner_->average_pool(g, x, y); }); }
    void average_pool_transpose(const PoolGeometry& g, C gy, View gx) override {
        plain("average_pool_transpose", bytes(gy, gx, gx), [&] { inner_->average_pool_transpose(g, gy, gx); });
    }

    void gather(C x, C index, View y) override { plain("gather", bytes(index, y, y), [&] { inner_->gather(x, index, y); }); }
    void scatter_add(C g, C index, View x) override { plain("scatter_add", bytes(g, index, g, g), [&] { inner_->scatter_add(g, index, x); }); }
    void gather_rows(C table, C rows, I cols, View y) override {
        plain("gather_rows", bytes(rows, y, y), [&] { inner_->gather_rows(table, rows, cols, y); });
    }
    void scatter_add_rows(C g, C rows, I cols, View table) override {
        plain("scatter_add_rows", bytes(g, rows, g, g), [&] { inner_->scatter_add_rows(g, rows, cols, table); });
    }
    void permute(C x, std::span<const I> shape, std::span<const I> order, View y, bool add) override {
        plain("permute", bytes(x, y, old(y, add)), [&] { inner_->permute(x, shape, order, y, add); });
    }
    void copy_block(I rows, I cols, C from, I from_stride, View to, I to_stride, bool add) override {
        const double block = static_cast<double>(rows * cols) * static_cast<double>(size_of(to.type));
        plain("copy_block", (add ? 3 : 2) * block, [&] { inner_->copy_block(rows, cols, from, from_stride, to, to_stride, add); });
    }

private:
    using Clock = std::chrono::steady_clock;
    static Clock::time_point now() { return Clock::now(); }
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
    static double work(const ConvGeometry& g) {
        return product(g.batch * g.out_h * g.out_w, g.out_c, g.kernel_h * g.kernel_w * (g.in_c / g.groups));
    }
    static Ledger::Key key(std::string_view name, const ConvGeometry& g) {
        return {name, {g.in_c, g.out_c, g.kernel_h, g.kernel_w, g.in_h, g.in_w, g.stride_h, g.stride_w, g.groups}};
    }
    void book(const Ledger::Key& key, Clock::time_point start, double flops, double size) {
        ledger_->add(key, {1, std::chrono::duration<double>(now() - start).count(), flops, size});
    }
    template <class Body> void timed(const Ledger::Key& key, double flops, double size, Body&& body) {
        const auto start = now();
        body();
        book(key, start, flops, size);
    }
    template <class Body> void plain(std::string_view name, double size, Body&& body) { timed({name}, 0, size, body); }

    std::unique_ptr<Backend> inner_;
    std::shared_ptr<Ledger> ledger_;
};

}  // namespace assay::bench
