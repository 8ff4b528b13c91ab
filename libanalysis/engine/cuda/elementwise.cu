// Elementwise primitives: copies and conversions, vectors, pointwise functions, rows and columns spread over a matrix.

#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/launch.hpp"
#include "libanalysis/engine/cuda/scratch_arrays.hpp"
#include "libanalysis/engine/device/maps.hpp"
#include "libanalysis/engine/device/rows.hpp"
#include "libanalysis/engine/device/vectors.hpp"

#include <algorithm>

namespace assay::engine::cuda {

namespace {

std::int64_t length(ConstView x) { return static_cast<std::int64_t>(x.size); }

/// Vectors of one type and size with a factor for each.
template <class T>
struct Terms {
    std::span<const ConstView> xs;
    std::span<const double> factors;   ///< empty: all 1

    template <class Start, class To>
    void launch(cudaStream_t stream, std::size_t first, std::int64_t offset, std::int64_t count, const Start* start, double scale, To* to) const {
        device::Combine<T, Start, To> body{start, to, scale, 0, {}, {}};
        for (std::size_t k = first; k < xs.size() && body.count < body.capacity; ++k, ++body.count) {
            body.xs[body.count] = as<T>(xs[k]) + offset;
            body.factors[body.count] = factors.empty() ? 1.0 : factors[k];
        }
        each(stream, count, body);
    }
};

/// to = scale (start + all terms). What one launch cannot take passes through float64 scratch memory, a stretch of the vectors at a time.
template <class T, class Start, class To>
void combine(Lane& lane, const Terms<T>& terms, const Start* start, double scale, To* to, std::int64_t count) {
    constexpr std::size_t at_once = device::Combine<T, Start, To>::capacity;
    if (terms.xs.size() <= at_once) return terms.launch(lane.stream(), 0, 0, count, start, scale, to);
    const auto fitting = static_cast<std::int64_t>(lane.workspace() / sizeof(double));
    const std::int64_t stretch = std::clamp<std::int64_t>(fitting, 1, std::max<std::int64_t>(count, 1));
    const auto [sum] = scratch_arrays<double>(lane, {stretch});
    const std::size_t last = (terms.xs.size() - 1) / at_once * at_once;
    for (std::int64_t offset = 0; offset < count; offset += stretch) {
        const std::int64_t part = std::min(stretch, count - offset);
        terms.launch(lane.stream(), 0, offset, part, start ? start + offset : nullptr, 1.0, sum);
        for (std::size_t first = at_once; first < last; first += at_once) {
            terms.template launch<double>(lane.stream(), first, offset, part, sum, 1.0, sum);
        }
        terms.template launch<double>(lane.stream(), last, offset, part, sum, scale, to + offset);
    }
}

}  // namespace

// ---- memory ----

void CudaBackend::copy(ConstView from, View to) {
    require(from.size == to.size, "copy", "two views of one size");
    if (from.size == 0) return;
    if (from.type == to.type) {
        if (from.data == to.data) return;
        check(cudaMemcpyAsync(to.data, from.data, from.size * size_of(from.type), cudaMemcpyDeviceToDevice, lane_->stream()), "cudaMemcpyAsync");
        return;
    }
    with_float(to.type, "copy", [&]<class To>(To) {
        with_float(from.type, "copy", [&]<class From>(From) {
            each(lane_->stream(), length(from), device::Convert<From, To>{as<From>(from), as<To>(to)});
        });
    });
}

void CudaBackend::fill(View x, double value) {
    const auto with = [&]<class T>(T number) { each(lane_->stream(), length(x), device::Fill<T>{number, as<T>(x)}); };
    switch (x.type) {
        case DType::float32: return with(static_cast<float>(value));
        case DType::float64: return with(value);
        case DType::int32: return with(static_cast<std::int32_t>(value));
    }
}

// ---- vectors ----

void CudaBackend::axpy(double a, ConstView x, View y) {
    require(x.size == y.size, "axpy", "vectors of one size");
    with_float_of("axpy", [&]<class T>(T) { each(lane_->stream(), length(x), device::Axpy<T>{static_cast<T>(a), as<T>(x), as<T>(y)}); }, x, y);
}

void CudaBackend::scale(double a, View x) {
    with_float(x.type, "scale", [&]<class T>(T) { each(lane_->stream(), length(x), device::Scale<T>{static_cast<T>(a), as<T>(x)}); });
}

void CudaBackend::multiply(ConstView x, ConstView y, View z, bool accumulate) {
    require(x.size == y.size && x.size == z.size, "multiply", "vectors of one size");
    with_float_of("multiply", [&]<class T>(T) {
        each(lane_->stream(), length(x), device::Multiply<T>{as<T>(x), as<T>(y), as<T>(z), accumulate});
    }, x, y, z);
}

void CudaBackend::accumulate(ConstView x, View sum) {
    require(x.size == sum.size && sum.type == DType::float64, "accumulate", "a float64 sum of the vector's size");
    with_float(x.type, "accumulate", [&]<class T>(T) { each(lane_->stream(), length(x), device::Accumulate<T>{as<T>(x), as<double>(sum)}); });
}

void CudaBackend::add_combination(std::span<const ConstView> xs, std::span<const double> factors, View y) {
    require(xs.size() == factors.size(), "add_combination", "a factor for every vector");
    for (const ConstView& x : xs) require(x.size == y.size && x.type == y.type, "add_combination", "vectors of one size and type");
    with_float(y.type, "add_combination", [&]<class T>(T) {
        if (!xs.empty()) combine<T, T, T>(*lane_, {xs, factors}, as<T>(y), 1.0, as<T>(y), length(y));
    });
}

void CudaBackend::fold(std::span<const ConstView> parts, double factor, View sum) {
    for (const ConstView& part : parts) require(part.size == sum.size && part.type == parts[0].type, "fold", "parts of one type and the sum's size");
    with_float(sum.type, "fold", [&]<class To>(To) {
        with_float(parts.empty() ? sum.type : parts[0].type, "fold", [&]<class T>(T) {
            combine<T, double, To>(*lane_, {parts, {}}, nullptr, factor, as<To>(sum), length(sum));
        });
    });
}

// ---- rows and columns of matrices ----

void CudaBackend::add_row(ConstView row, View x, std::int64_t rows, std::int64_t cols) {
    require_matrix(x, rows, cols, "add_row");
    require_matrix(row, 1, cols, "add_row");
    with_float_of("add_row", [&]<class T>(T) { each(lane_->stream(), rows * cols, device::AddRow<T>{as<T>(row), as<T>(x), cols}); }, row, x);
}

void CudaBackend::multiply_row(ConstView row, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    affine_rows(x, row, {}, {}, {}, y, rows, cols, accumulate);
}

void CudaBackend::affine_rows(ConstView x1, ConstView row1, ConstView x2, ConstView row2, ConstView shift, View y, std::int64_t rows,
                              std::int64_t cols, bool accumulate) {
    require_affine_rows(x1, row1, x2, row2, shift, y, rows, cols);
    const auto same = [&](ConstView view) { return view.empty() ? x1 : view; };
    with_float_of("affine_rows", [&]<class T>(T) {
        each(lane_->stream(), rows * cols,
             device::AffineRows<T>{as<T>(x1), as<T>(row1), as<T>(x2), as<T>(row2), as<T>(shift), as<T>(y), cols, accumulate});
    }, x1, row1, same(x2), same(row2), same(shift), y);
}

void CudaBackend::multiply_column(ConstView column, ConstView x, View y, std::int64_t rows, std::int64_t cols, bool accumulate) {
    require_matrix(column, rows, 1, "multiply_column");
    require_matrix(x, rows, cols, "multiply_column");
    require_matrix(y, rows, cols, "multiply_column");
    with_float_of("multiply_column", [&]<class T>(T) {
        each(lane_->stream(), rows * cols, device::MultiplyColumn<T>{as<T>(column), as<T>(x), as<T>(y), cols, accumulate});
    }, column, x, y);
}

// ---- pointwise functions ----

void CudaBackend::map(Pointwise f, PointwiseParameters p, ConstView x, View y) {
    require(x.size == y.size, "map", "vectors of one size");
    with_float_of("map", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) { each(lane_->stream(), length(x), device::Map<F, T>{pointwise::Parameters<T>(p), as<T>(x), as<T>(y)}); });
    }, x, y);
}

void CudaBackend::map_first(Pointwise f, PointwiseParameters p, ConstView x, ConstView g, View out, bool accumulate) {
    require(x.size == g.size && x.size == out.size, "map_first", "vectors of one size");
    with_float_of("map_first", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) {
            each(lane_->stream(), length(x), device::MapFirst<F, T>{pointwise::Parameters<T>(p), as<T>(x), as<T>(g), as<T>(out), accumulate});
        });
    }, x, g, out);
}

void CudaBackend::map_second(Pointwise f, PointwiseParameters p, ConstView x, ConstView a, ConstView b, View out, bool accumulate) {
    require(x.size == a.size && x.size == b.size && x.size == out.size, "map_second", "vectors of one size");
    with_float_of("map_second", [&]<class T>(T) {
        pointwise::select(f, [&]<class F>(F) {
            each(lane_->stream(), length(x),
                 device::MapSecond<F, T>{pointwise::Parameters<T>(p), as<T>(x), as<T>(a), as<T>(b), as<T>(out), accumulate});
        });
    }, x, a, b, out);
}

}  // namespace assay::engine::cuda
