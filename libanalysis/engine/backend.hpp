#pragma once
// The seam between algorithms and devices: the few primitives that layers need. The CPU implements it first and always; a
// CUDA backend implements the same list. Arrays are row-major; activations are NHWC; precision is a property of a buffer.
//
// A Backend object is one execution lane: it may keep scratch memory and cached primitives, is used by one thread at a time,
// and gives further lanes of the same device by lane(). Every primitive is serial on the CPU (parallelism is over
// micro-batches, outermost), and gives the same bits whenever it is called with the same arguments. On a GPU it is work put in
// order on the device's stream: it may not have run yet when the call returns. What hands values to the host waits for them.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace assay::engine {

enum class DType : std::uint8_t { float32, float64, int32 };
constexpr std::size_t size_of(DType type) { return type == DType::float64 ? 8 : 4; }
std::string_view to_string(DType type);

/// Not owning; `data` lies on the backend's device. An empty view means "not there" or "not wanted".
struct ConstView {
    const void* data = nullptr;
    std::size_t size = 0;   ///< elements
    DType type = DType::float32;
    bool empty() const { return data == nullptr; }
    ConstView slice(std::size_t offset, std::size_t count) const {
        return {static_cast<const std::byte*>(data) + offset * size_of(type), count, type};
    }
};
struct View {
    void* data = nullptr;
    std::size_t size = 0;
    DType type = DType::float32;
    bool empty() const { return data == nullptr; }
    View slice(std::size_t offset, std::size_t count) const {
        return {static_cast<std::byte*>(data) + offset * size_of(type), count, type};
    }
    operator ConstView() const { return {data, size, type}; }
};

/// Owner of device memory; movable. The release function belongs to the backend that allocated it.
class Buffer {
public:
    Buffer() = default;
    Buffer(std::shared_ptr<void> data, std::size_t size, DType type) : data_(std::move(data)), size_(size), type_(type) {}
    Buffer(Buffer&&) noexcept = default;
    Buffer& operator=(Buffer&&) noexcept = default;
    bool empty() const { return !data_; }
    Buffer share() const { return {data_, size_, type_}; }   ///< another owner of the same memory
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return size_ * size_of(type_); }
    DType type() const { return type_; }
    View view() { return {data_.get(), size_, type_}; }
    ConstView view() const { return {data_.get(), size_, type_}; }
    ConstView const_view() const { return {data_.get(), size_, type_}; }

private:
    std::shared_ptr<void> data_;
    std::size_t size_ = 0;
    DType type_ = DType::float32;
};

/// Pointwise functions with first and second derivative. Bodies live in pointwise.hpp as functors that any device can compile.
/// At a kink (ReLU and ELU at 0) the derivative is that of the left side: relu'(0) = 0; second derivatives of kinks are 0.
enum class Pointwise : std::uint8_t {
#define ASSAY_POINTWISE(name, functor) name,
#include "libanalysis/engine/pointwise_functions.def"
#undef ASSAY_POINTWISE
};

/// The numbers that a pointwise function takes; its functor says what they mean. Most functions have one, `alpha`, or none.
struct PointwiseParameters {
    PointwiseParameters(double alpha_ = 0, double beta_ = 0, double gamma_ = 0) : alpha(alpha_), beta(beta_), gamma(gamma_) {}
    double alpha, beta, gamma;
};

/// One convolution: cross-correlation, NHWC, kernel [kernel_h, kernel_w, in_c / groups, out_c]. Padding may be asymmetric.
struct ConvGeometry {
    std::int64_t batch = 1, in_h = 1, in_w = 1, in_c = 1, out_h = 1, out_w = 1, out_c = 1;
    std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
    std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0, groups = 1;
    auto operator<=>(const ConvGeometry&) const = default;
};

/// One pooling: NHWC; padding cells are never chosen (max) nor counted (average).
struct PoolGeometry {
    std::int64_t batch = 1, in_h = 1, in_w = 1, channels = 1, out_h = 1, out_w = 1;
    std::int64_t pool_h = 1, pool_w = 1, stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0;
};

/// How large a micro-batch should be on a device: the largest power of two of rows for which what one layer touches stays within
/// `touched` bytes and all arrays of a forward pass within `whole`, in float32, and between the two row counts; fewer where the arrays of
/// all derivatives, in the network's own precision, would take more than `derivatives` bytes. A function of the kind of device and of
/// the memory that was asked for, never of its load, so that results repeat.
struct MicroBatches {
    std::size_t touched = std::size_t{2} << 20, whole = std::size_t{256} << 20;
    std::int64_t least = 16, most = 512;
    std::size_t derivatives = std::numeric_limits<std::size_t>::max();
};

class Backend {
public:
    virtual ~Backend() = default;
    virtual std::string_view device() const = 0;                 ///< "cpu", "cuda:0"
    bool on_host() const { return device() == "cpu"; }           ///< its memory is the host's: vectors there need no copy
    virtual std::unique_ptr<Backend> lane() const = 0;           ///< another lane of the same device
    virtual MicroBatches micro_batches() const { return {}; }
    /// Of a device whose memory ran out: micro_batches() are those of 2^times times less memory, until it is called again. 0: as made.
    virtual void halve_micro_batches(int times) { (void)times; }
    /// Gives memory that nothing lies in back to whoever else uses the device; what small networks need is kept.
    virtual void give_back_memory() {}
    /// Lanes that are of use at a time: threads of a pass beyond it only wait for one another.
    virtual int most_lanes() const { return std::numeric_limits<int>::max(); }
    /// Returns when everything asked of this lane so far has run. @throws what it failed with.
    virtual void synchronize() {}

    // ---- memory ----
    virtual Buffer allocate(DType type, std::size_t size) = 0;   ///< contents undefined
    Buffer zeros(DType type, std::size_t size);
    virtual void upload(const void* host, View to) = 0;          ///< host array of the view's type and size
    virtual void download(ConstView from, void* host) = 0;
    virtual void copy(ConstView from, View to) = 0;              ///< same size; converts between float32 and float64
    virtual void fill(View x, double value) = 0;
    std::vector<double> to_host(ConstView from);                 ///< as doubles (exact)
    Buffer from_host(std::span<const double> values, DType type);

    // ---- vectors (float32 or float64, all arguments alike) ----
    virtual void axpy(double a, ConstView x, View y) = 0;                              ///< y += a x
    virtual void scale(double a, View x) = 0;                                          ///< x *= a
    virtual void multiply(ConstView x, ConstView y, View z, bool accumulate) = 0;      ///< z (+)= x y, elementwise
    virtual double dot(ConstView x, ConstView y) = 0;                                  ///< float64 accumulation
    virtual void accumulate(ConstView x, View sum) = 0;                                ///< sum (float64) += x (any float)
    /// The dot products of every x with y, each as dot() would give it.
    virtual std::vector<double> dots(std::span<const ConstView> xs, ConstView y) = 0;
    /// y += factors[0] xs[0] + factors[1] xs[1] + ..., added in this order in float64 and rounded once.
    virtual void add_combination(std::span<const ConstView> xs, std::span<const double> factors, View y) = 0;
    /// sum = factor (parts[0] + parts[1] + ...), added in this order in float64; parts of one type, sum of either.
    virtual void fold(std::span<const ConstView> parts, double factor, View sum) = 0;

    // ---- matrices [rows, cols] ----
    /// c = alpha op(a) op(b) + beta c, row-major with leading dimensions; op(a) is [m, k], op(b) is [k, n].
    virtual void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha, ConstView a,
                      std::int64_t lda, ConstView b, std::int64_t ldb, double beta, View c, std::int64_t ldc) = 0;
    /// The same for `count` matrices at a fixed distance (elements) from one another.
    virtual void gemm_batched(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, double alpha,
                              ConstView a, std::int64_t lda, std::int64_t stride_a, ConstView b, std::int64_t ldb, std::int64_t stride_b,
                              double beta, View c, std::int64_t ldc, std::int64_t stride_c, std::int64_t count) = 0;
    virtual void add_row(ConstView row, View x, std::int64_t rows, std::int64_t cols) = 0;          ///< x[r, c] += row[c]
    virtual void multiply_row(ConstView row, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) = 0;     ///< y (+)= x[r, c] row[c]
    /// y (+)= x1[r, c] row1[c] + x2[r, c] row2[c] + shift[c]; without x2 or shift where they are empty. y may be x1 or x2.
    virtual void affine_rows(ConstView x1, ConstView row1, ConstView x2, ConstView row2, ConstView shift, View y, std::int64_t rows,
                             std::int64_t cols, bool accumulate) = 0;
    virtual void multiply_column(ConstView column, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) = 0;  ///< y (+)= column[r] x[r, c]
    virtual void column_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) = 0;  ///< float64 inside
    /// dots[c] (+)= sum_r x[r, c] (y[r, c] + shift[c]), float64 inside; an empty shift is zero.
    virtual void column_dots(ConstView x, ConstView y, ConstView shift, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) = 0;
    void column_dots(ConstView x, ConstView y, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) {
        column_dots(x, y, {}, rows, cols, dots, accumulate);
    }
    virtual void row_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) = 0;
    virtual void row_dots(ConstView x, ConstView y, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) = 0;
    virtual void softmax(ConstView x, std::int64_t rows, std::int64_t cols, View y) = 0;
    /// values [count, n]: the eigenvalues, ascending, of `count` symmetric matrices of order n that lie one behind the other with both
    /// triangles filled. What `matrices` held is lost. An iteration that does not converge is an Error{data}.
    virtual void symmetric_eigenvalues(std::int64_t n, std::int64_t count, View matrices, View values) = 0;

    // ---- pointwise ----
    /// y = f(x); out (+)= f'(x) g; out (+)= f''(x) a b.
    virtual void map(Pointwise f, PointwiseParameters p, ConstView x, View y) = 0;
    virtual void map_first(Pointwise f, PointwiseParameters p, ConstView x, ConstView g, View out, bool accumulate) = 0;
    virtual void map_second(Pointwise f, PointwiseParameters p, ConstView x, ConstView a, ConstView b, View out, bool accumulate) = 0;

    // ---- convolution: y (+)= x * w + bias (empty: none); gx (+)= its transpose in x; gw (+)= its transpose in w ----
    virtual void conv_forward(const ConvGeometry& g, ConstView x, ConstView w, ConstView bias, View y, bool accumulate) = 0;
    void conv_forward(const ConvGeometry& g, ConstView x, ConstView w, View y, bool accumulate) { conv_forward(g, x, w, {}, y, accumulate); }
    virtual void conv_backward_input(const ConvGeometry& g, ConstView gy, ConstView w, View gx, bool accumulate) = 0;
    virtual void conv_backward_weights(const ConvGeometry& g, ConstView x, ConstView gy, View gw, bool accumulate) = 0;
    /// What every output pixel sees of x (one group): [batch, out_h, out_w, kernel_h, kernel_w, in_c], zeros in the padding.
    virtual void conv_windows(const ConvGeometry& g, ConstView x, View windows) = 0;

    // ---- pooling ----
    /// Records for every output the flat index of its first maximum in x (over the whole micro-batch); ties: first in row order.
    virtual void max_pool(const PoolGeometry& g, ConstView x, View y, View argmax) = 0;
    virtual void average_pool(const PoolGeometry& g, ConstView x, View y) = 0;
    virtual void average_pool_transpose(const PoolGeometry& g, ConstView gy, View gx) = 0;   ///< gx += transpose

    // ---- moving data ----
    virtual void gather(ConstView x, ConstView index, View y) = 0;              ///< y[i] = x[index[i]]
    virtual void scatter_add(ConstView g, ConstView index, View x) = 0;         ///< x[index[i]] += g[i], in order of i
    virtual void gather_rows(ConstView table, ConstView rows, std::int64_t cols, View y) = 0;        ///< rows: int32
    virtual void scatter_add_rows(ConstView g, ConstView rows, std::int64_t cols, View table) = 0;   ///< in order
    /// y[.., permuted ..] (+)= x: axis i of y is axis order[i] of x.
    virtual void permute(ConstView x, std::span<const std::int64_t> shape, std::span<const std::int64_t> order, View y, bool accumulate) = 0;
    /// Blocks: for r < rows: to[r * to_stride + c] (+)= from[r * from_stride + c], c < cols. (padding, concatenation, slices)
    virtual void copy_block(std::int64_t rows, std::int64_t cols, ConstView from, std::int64_t from_stride, View to, std::int64_t to_stride,
                            bool accumulate) = 0;
};

/// The CPU backend: oneDNN for float32 products and convolutions, OpenBLAS and im2col for float64.
/// @throws Error{resource} when the loaded OpenBLAS is not the OpenMP build.
std::unique_ptr<Backend> make_cpu_backend();

/// Makes library calls on the calling thread serial (OpenMP's thread count is a property of each thread).
void make_thread_serial();

/// Calls `use` with a std::span<const float>, <const double> or <const std::int32_t> of the values: as they lie where the memory is the
/// host's, else of a copy.
template <class F>
void on_host(Backend& backend, ConstView values, F&& use) {
    const auto typed = [&]<class T>(T) {
        if (backend.on_host()) return use(std::span<const T>(static_cast<const T*>(values.data), values.size));
        std::vector<T> copy(values.size);
        if (values.size > 0) backend.download(values, copy.data());
        return use(std::span<const T>(copy));
    };
    switch (values.type) {
        case DType::float32: return typed(float{});
        case DType::float64: return typed(double{});
        case DType::int32: return typed(std::int32_t{});
    }
}

}  // namespace assay::engine
