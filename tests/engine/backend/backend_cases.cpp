#include "tests/engine/backend/backend_cases.hpp"

#include "libanalysis/core/shape.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/backend/pointwise_table.hpp"
#include "tests/oracle/arrays.hpp"

#include <algorithm>
#include <cmath>

namespace assay::test {

namespace {

using engine::Backend;
using engine::ConvGeometry;
using engine::DType;
using engine::Pointwise;
using engine::PoolGeometry;
using oracle::Array;
using oracle::at;

constexpr std::size_t sizes[] = {0, 1, 31, 32, 33, 1000};
constexpr std::int64_t shapes[][2] = {{0, 3}, {3, 0}, {1, 1}, {1, 33}, {33, 1}, {31, 32}, {7, 130}, {200, 10}};

double tolerance(DType type) { return type == DType::float32 ? roundoff<float> : roundoff<double>; }

/// `values` as the precision holds them.
Array rounded(Array values, DType type) {
    if (type == DType::float32) {
        for (double& value : values) value = static_cast<float>(value);
    }
    return values;
}

void copy(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        for (const DType other : {DType::float32, DType::float64}) {
            Guarded x(b, type, normals(n, 1)), y(b, other, Array(n, 5.0));
            b.copy(x, y);
            x.expect_unchanged();
            y.expect_near(x.values(), 0);
        }
    }
    Guarded whole(b, DType::int32, {3, -1, 2147483647.0}), target(b, DType::int32, {0, 0, 0});
    b.copy(whole, target);
    target.expect_near(whole.values(), 0);
}

void fill(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Guarded x(b, type, normals(n, 1));
        b.fill(x, 0.5);
        x.expect_near(Array(n, 0.5), 0);
        EXPECT_EQ(b.to_host(b.zeros(type, n).view()), Array(n, 0.0));
    }
}

void axpy(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Guarded x(b, type, normals(n, 1)), y(b, type, normals(n, 2));
        b.axpy(0.75, x, y);
        Array expected = y.values();
        for (std::size_t i = 0; i < n; ++i) expected[i] += 0.75 * x.values()[i];
        x.expect_unchanged();
        y.expect_near(expected, tolerance(type));
    }
}

void scale(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Guarded x(b, type, normals(n, 1));
        b.scale(-1.25, x);
        Array expected = x.values();
        for (double& value : expected) value *= -1.25;
        x.expect_near(expected, tolerance(type));
    }
}

void multiply(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        for (const bool add : {false, true}) {
            Guarded x(b, type, normals(n, 1)), y(b, type, normals(n, 2)), z(b, type, normals(n, 3));
            b.multiply(x, y, z, add);
            Array expected = add ? z.values() : Array(n, 0.0);
            for (std::size_t i = 0; i < n; ++i) expected[i] += x.values()[i] * y.values()[i];
            x.expect_unchanged();
            y.expect_unchanged();
            z.expect_near(expected, tolerance(type));
            b.multiply(x, y, x, false);   // in place
            for (std::size_t i = 0; i < n; ++i) expected[i] = x.values()[i] * y.values()[i];
            x.expect_near(expected, tolerance(type));
        }
    }
}

void dot(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Guarded x(b, type, normals(n, 1)), y(b, type, normals(n, 2));
        double expected = 0, magnitude = 0;
        for (std::size_t i = 0; i < n; ++i) {
            expected += x.values()[i] * y.values()[i];
            magnitude += std::abs(x.values()[i] * y.values()[i]);
        }
        const double found = b.dot(x, y);
        EXPECT_LE(std::abs(found - expected), roundoff<double> * magnitude) << "float64 accumulation in either precision";
        EXPECT_EQ(found, b.dot(x, y));
    }
}

void accumulate(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Guarded x(b, type, normals(n, 1)), sum(b, DType::float64, Array(n, 1e9));
        b.accumulate(x, sum);
        Array expected(n, 1e9);
        for (std::size_t i = 0; i < n; ++i) expected[i] += x.values()[i];
        x.expect_unchanged();
        sum.expect_near(expected, 0);
    }
}

void gemm(Backend& b, DType type) {
    constexpr std::int64_t extents[][3] = {{1, 1, 1},   {0, 3, 2},   {3, 0, 2},  {3, 2, 0},    {31, 32, 33}, {33, 31, 32},
                                           {128, 10, 512}, {1, 10, 100}, {100, 1, 10}, {2, 3, 1}, {70, 130, 65}};
    for (const auto& [m, n, k] : extents) {
        for (const bool ta : {false, true}) {
            for (const bool tb : {false, true}) {
                for (const std::int64_t extra : {0, 5}) {
                    for (const double beta : {0.0, 1.0, -0.5}) {
                        const std::int64_t lda = (ta ? m : k) + extra, ldb = (tb ? k : n) + extra, ldc = n + extra;
                        Guarded a(b, type, normals(at(lda * (ta ? k : m)), 1)), w(b, type, normals(at(ldb * (tb ? n : k)), 2));
                        // A zero beta overwrites whatever the result held.
                        Guarded c(b, type, beta == 0 && extra == 0 ? Array(at(m * ldc), std::nan("")) : normals(at(m * ldc), 3));
                        b.gemm(ta, tb, m, n, k, 1.5, a, lda, w, ldb, beta, c, ldc);
                        Array expected = c.values();
                        oracle::gemm(ta, tb, m, n, k, 1.5, a.values(), lda, w.values(), ldb, beta, expected, ldc);
                        SCOPED_TRACE(testing::Message() << m << "x" << n << "x" << k << " ta " << ta << " tb " << tb << " extra " << extra << " beta " << beta);
                        a.expect_unchanged();
                        w.expect_unchanged();
                        c.expect_near(expected, tolerance(type));
                    }
                }
            }
        }
    }
}

void gemm_batched(Backend& b, DType type) {
    const std::int64_t m = 5, n = 7, k = 6, count = 4, sa = m * k + 3, sc = m * n + 2;
    for (const std::int64_t sb : {std::int64_t{0}, k * n + 1}) {   // distance 0: one matrix for all
        Guarded a(b, type, normals(at(sa * count), 1)), w(b, type, normals(at(k * n + sb * (count - 1)), 2)), c(b, type, normals(at(sc * count), 3));
        b.gemm_batched(false, false, m, n, k, 1.0, a, k, sa, w, n, sb, 1.0, c, n, sc, count);
        Array expected = c.values();
        for (std::int64_t i = 0; i < count; ++i) {
            oracle::gemm(false, false, m, n, k, 1.0, a.values(), k, w.values(), n, 1.0, expected, n, i * sa, i * sb, i * sc);
        }
        a.expect_unchanged();
        w.expect_unchanged();
        c.expect_near(expected, tolerance(type));
    }
    Guarded none(b, type, {});
    b.gemm_batched(false, false, m, n, k, 1.0, none, k, sa, none, n, 0, 1.0, none, n, sc, 0);

    const std::int64_t many = 70000;   // more than a grid's third extent holds on a device
    Guarded a(b, type, normals(at(2 * many), 4)), w(b, type, normals(at(2 * many), 5)), c(b, type, Array(at(many), 0.0));
    b.gemm_batched(false, false, 1, 1, 2, 1.0, a, 2, 2, w, 1, 2, 0.0, c, 1, 1, many);
    Array expected(at(many));
    for (std::size_t i = 0; i < at(many); ++i) expected[i] = a.values()[2 * i] * w.values()[2 * i] + a.values()[2 * i + 1] * w.values()[2 * i + 1];
    c.expect_near(expected, tolerance(type));
}

void combinations(Backend& b, DType type) {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{1025}, std::size_t{70000}}) {
        for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{70}}) {
            std::vector<Guarded> xs;
            std::vector<engine::ConstView> views;
            std::vector<double> factors;
            for (std::size_t k = 0; k < count; ++k) {
                xs.emplace_back(b, type, normals(n, 10 + k));
                views.push_back(xs.back());
                factors.push_back(0.25 * static_cast<double>(k) - 1);
            }
            Guarded y(b, type, normals(n, 1));
            const std::vector<double> dots = b.dots(views, y);
            ASSERT_EQ(dots.size(), count);
            Array expected = y.values();
            for (std::size_t k = 0; k < count; ++k) {
                double dot = 0;
                for (std::size_t i = 0; i < n; ++i) dot += xs[k].values()[i] * y.values()[i], expected[i] += factors[k] * xs[k].values()[i];
                EXPECT_NEAR(dots[k], dot, 1e-12 * (1 + static_cast<double>(n)));
                EXPECT_EQ(dots[k], b.dot(views[k], y)) << "dots and dot differ";
            }
            y.expect_unchanged();
            b.add_combination(views, factors, y);
            y.expect_near(expected, tolerance(type));
        }
    }
}

void fold_of_parts(Backend& b, DType type) {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{1023}, std::size_t{2500}}) {
        Guarded first(b, type, normals(n, 1)), second(b, type, normals(n, 2)), third(b, type, normals(n, 3));
        for (const DType to : {DType::float32, DType::float64}) {
            Guarded sum(b, to, normals(n, 4));
            const engine::ConstView parts[] = {first.view(), second.view(), third.view()};
            b.fold(parts, 0.5, sum);
            Array expected(n);
            for (std::size_t i = 0; i < n; ++i) expected[i] = 0.5 * ((first.values()[i] + second.values()[i]) + third.values()[i]);
            sum.expect_near(expected, to == DType::float32 ? tolerance(DType::float32) : tolerance(DType::float64));
        }
    }
    // Many parts.
    std::vector<Guarded> many;
    std::vector<engine::ConstView> views;
    Array total(33, 0.0);
    for (std::uint64_t k = 0; k < 150; ++k) {
        many.emplace_back(b, type, normals(33, 10 + k));
        views.push_back(many.back());
        for (std::size_t i = 0; i < 33; ++i) total[i] += many.back().values()[i];
    }
    Guarded of_many(b, type, normals(33, 5));
    b.fold(views, 1, of_many);
    of_many.expect_near(total, tolerance(type));
    // float64 inside: in float32 the small part would be lost.
    Guarded large(b, type, Array{33554432.0}), small(b, type, Array{1.0}), minus(b, type, Array{-33554432.0});
    Guarded sum(b, DType::float32, Array{0.0});
    const engine::ConstView parts[] = {large.view(), small.view(), minus.view()};
    b.fold(parts, 1, sum);
    sum.expect_near(Array{1.0}, 0);
}

void rows_and_columns(Backend& b, DType type) {
    for (const auto& [rows, cols] : shapes) {
        const std::size_t n = at(rows * cols);
        Guarded row(b, type, normals(at(cols), 1)), column(b, type, normals(at(rows), 2)), x(b, type, normals(n, 3));
        {
            Guarded y(b, type, normals(n, 4));
            b.add_row(row, y, rows, cols);
            Array expected = y.values();
            for (std::size_t i = 0; i < n; ++i) expected[i] += row.values()[i % at(cols)];
            y.expect_near(expected, tolerance(type));
        }
        for (const bool add : {false, true}) {
            Guarded y(b, type, normals(n, 5)), z(b, type, normals(n, 6));
            b.multiply_row(row, x, y, rows, cols, add);
            b.multiply_column(column, x, z, rows, cols, add);
            Array by_row = add ? y.values() : Array(n, 0.0), by_column = add ? z.values() : Array(n, 0.0);
            for (std::size_t i = 0; i < n; ++i) {
                by_row[i] += x.values()[i] * row.values()[i % at(cols)];
                by_column[i] += x.values()[i] * column.values()[i / at(cols)];
            }
            y.expect_near(by_row, tolerance(type));
            z.expect_near(by_column, tolerance(type));
            for (const bool second : {false, true}) {
                for (const bool shifted : {false, true}) {
                    Guarded sum(b, type, normals(n, 7)), x2(b, type, normals(n, 8)), row2(b, type, normals(at(cols), 9)), shift(b, type, normals(at(cols), 10));
                    b.affine_rows(x, row, second ? engine::ConstView(x2) : engine::ConstView{}, second ? engine::ConstView(row2) : engine::ConstView{}, shifted ? engine::ConstView(shift) : engine::ConstView{},
                                  sum, rows, cols, add);
                    Array expected = add ? sum.values() : Array(n, 0.0);
                    for (std::size_t i = 0; i < n; ++i) {
                        const std::size_t c = i % at(cols);
                        expected[i] += x.values()[i] * row.values()[c] + (second ? x2.values()[i] * row2.values()[c] : 0) + (shifted ? shift.values()[c] : 0);
                    }
                    sum.expect_near(expected, tolerance(type));
                }
            }
        }
        row.expect_unchanged();
        column.expect_unchanged();
        x.expect_unchanged();
    }
}

void sums_and_dots(Backend& b, DType type) {
    for (const auto& [rows, cols] : shapes) {
        for (const bool add : {false, true}) {
            const std::size_t n = at(rows * cols);
            Guarded x(b, type, normals(n, 1)), y(b, type, normals(n, 2));
            Guarded column_sums(b, type, normals(at(cols), 3)), column_dots(b, type, normals(at(cols), 4));
            Guarded row_sums(b, type, normals(at(rows), 5)), row_dots(b, type, normals(at(rows), 6));
            b.column_sums(x, rows, cols, column_sums, add);
            b.column_dots(x, y, rows, cols, column_dots, add);
            Guarded shift(b, type, normals(at(cols), 7)), shifted_dots(b, type, normals(at(cols), 8));
            b.column_dots(x, y, shift, rows, cols, shifted_dots, add);
            b.row_sums(x, rows, cols, row_sums, add);
            b.row_dots(x, y, rows, cols, row_dots, add);
            const auto start = [&](Guarded& g) { return add ? g.values() : Array(g.values().size(), 0.0); };
            Array cs = start(column_sums), cd = start(column_dots), sd = start(shifted_dots), rs = start(row_sums), rd = start(row_dots);
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t r = i / at(cols), c = i % at(cols);
                const double product = x.values()[i] * y.values()[i];
                cs[c] += x.values()[i];
                cd[c] += product;
                sd[c] += x.values()[i] * (y.values()[i] + shift.values()[c]);
                rs[r] += x.values()[i];
                rd[r] += product;
            }
            x.expect_unchanged();
            y.expect_unchanged();
            column_sums.expect_near(cs, tolerance(type));
            column_dots.expect_near(cd, tolerance(type));
            shifted_dots.expect_near(sd, tolerance(type));
            row_sums.expect_near(rs, tolerance(type));
            row_dots.expect_near(rd, tolerance(type));
        }
    }
    // Long and tall: devices sum in several parts. Whole numbers, so that every order gives the same.
    for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{3, 9001}, {9001, 3}, {5, 4096}, {1000, 70}}) {
        Array whole = normals(at(rows * cols), 1), other = normals(at(rows * cols), 2);
        for (double& value : whole) value = std::round(4 * value);
        for (double& value : other) value = std::round(4 * value);
        Guarded x(b, type, whole), y(b, type, other);
        Guarded row_sums(b, type, normals(at(rows), 3)), row_dots(b, type, normals(at(rows), 4));
        Guarded column_sums(b, type, normals(at(cols), 5)), column_dots(b, type, normals(at(cols), 6));
        b.row_sums(x, rows, cols, row_sums, false);
        b.row_dots(x, y, rows, cols, row_dots, false);
        b.column_sums(x, rows, cols, column_sums, false);
        b.column_dots(x, y, rows, cols, column_dots, false);
        Array rs(at(rows)), rd(at(rows)), cs(at(cols)), cd(at(cols));
        for (std::size_t i = 0; i < whole.size(); ++i) {
            const std::size_t r = i / at(cols), c = i % at(cols);
            rs[r] += whole[i], rd[r] += whole[i] * other[i];
            cs[c] += whole[i], cd[c] += whole[i] * other[i];
        }
        row_sums.expect_near(rs, 0);
        row_dots.expect_near(rd, 0);
        column_sums.expect_near(cs, 0);
        column_dots.expect_near(cd, 0);
    }
    // float64 inside: a float32 sum would lose every one of the small terms.
    Array terms(4097, 1.0);
    terms[0] = 33554432.0;   // 2^25: 2^25 + 1 is no float32
    Guarded x(b, type, terms), sum(b, type, {0.0});
    b.row_sums(x, 1, 4097, sum, false);
    EXPECT_EQ(sum.now()[0], 33558528.0);
    b.column_sums(x, 4097, 1, sum, false);
    EXPECT_EQ(sum.now()[0], 33558528.0);
}

void softmax(Backend& b, DType type) {
    for (const auto& [rows, cols] : shapes) {
        Array logits = normals(at(rows * cols), 1);
        for (std::size_t i = 0; i < logits.size(); i += 3) logits[i] *= 8;   // exact in float32
        Guarded x(b, type, logits), y(b, type, Array(logits.size(), 9.0));
        b.softmax(x, rows, cols, y);
        Array expected(logits.size());
        for (std::int64_t r = 0; r < rows; ++r) {
            double sum = 0;
            for (std::int64_t c = 0; c < cols; ++c) sum += std::exp(logits[at(r * cols + c)]);
            for (std::int64_t c = 0; c < cols; ++c) expected[at(r * cols + c)] = std::exp(logits[at(r * cols + c)]) / sum;
        }
        x.expect_unchanged();
        y.expect_near(expected, 4 * tolerance(type));   // exp multiplies the rounding of a logit by its size
    }
    Guarded extreme(b, type, {1e4, -1e4, 1e4, -1e4}), y(b, type, {0, 0, 0, 0});
    b.softmax(extreme, 2, 2, y);
    y.expect_near({1, 0, 1, 0}, 0);
}

void pointwise(Backend& b, DType type) {
    const double h = 1e-4;
    for (const PointwiseRow& row : pointwise_table()) {
        const Pointwise f = row.f;
        const engine::PointwiseParameters p = row.parameters;
        SCOPED_TRACE(testing::Message() << "function " << static_cast<int>(f));
        for (const std::size_t n : sizes) {
            Array points = normals(n, 1);
            for (double& x : points) x = away_from_kinks(row, 1.5 * x);
            const Array g = normals(n, 2), a = normals(n, 3);
            Array value(n), first(n), second(n);
            for (std::size_t i = 0; i < n; ++i) {
                const double x = points[i], low = row.value(x - h), high = row.value(x + h);
                value[i] = row.value(x);
                first[i] = (high - low) / (2 * h) * g[i];
                second[i] = (high - 2 * value[i] + low) / (h * h) * g[i] * a[i];
            }
            Guarded x(b, type, points), y(b, type, Array(n, 1.0)), gy(b, type, g), ta(b, type, a);
            b.map(f, p, x, y);
            y.expect_near(value, 2 * row.rounding * tolerance(type));   // a library function and one multiplication
            b.map_first(f, p, x, gy, y, false);
            y.expect_near(first, difference);
            b.map_second(f, p, x, gy, ta, y, false);
            y.expect_near(second, 10 * difference);      // second differences lose eps / h^2
            for (double& v : first) v += 1;
            for (double& v : second) v += 1;
            b.fill(y, 1);
            b.map_first(f, p, x, gy, y, true);
            y.expect_near(first, difference);
            b.fill(y, 1);
            b.map_second(f, p, x, gy, ta, y, true);
            y.expect_near(second, 10 * difference);
            x.expect_unchanged();
            gy.expect_unchanged();
            ta.expect_unchanged();
            b.map(f, p, x, x);   // in place
            x.expect_near(value, 2 * row.rounding * tolerance(type));
        }
    }
}

void pointwise_limits(Backend& b, DType type) {
    for (const PointwiseRow& row : pointwise_table()) {
        const Pointwise f = row.f;
        const engine::PointwiseParameters p = row.parameters;
        SCOPED_TRACE(testing::Message() << "function " << static_cast<int>(f));
        Array tails{-1e4, -100, 100, 1e4};
        if (row.positive) tails = {50, 100, 1e4, 1e4};
        if (f == Pointwise::exponential) tails = {-1e4, -100, -100, 50};   // infinite on the other side
        Guarded x(b, type, tails), ones(b, type, Array(4, 1.0)), y(b, type, Array(4, 0.0));
        const auto expect_finite = [&] {
            for (const double value : y.now()) EXPECT_TRUE(std::isfinite(value));
        };
        b.map(f, p, x, y);
        expect_finite();
        b.map_first(f, p, x, ones, y, false);
        expect_finite();
        const Array slopes = y.now();
        for (std::size_t i = 0; i < tails.size(); ++i) {
            const double slope = tails[i] < 0 ? row.left : row.right;
            if (std::abs(tails[i]) < 1e4 || std::isnan(slope)) continue;
            EXPECT_NEAR(slopes[i], slope, 0.01) << "at " << tails[i];
        }
        b.map_second(f, p, x, ones, ones, y, false);
        expect_finite();
        Guarded bad(b, type, {std::nan("")}), out(b, type, {0.0});
        b.map(f, p, bad, out);
        EXPECT_TRUE(std::isnan(out.now()[0])) << "a NaN must not be hidden";
        // Kinks: the derivative of the left side, and no second derivative.
        for (const double kink : row.kinks) {
            const double h = 1e-6;
            Guarded at(b, type, {kink}), one(b, type, {1.0}), slope(b, type, {9.0});
            b.map_first(f, p, at, one, slope, false);
            slope.expect_near({(row.value(kink - h) - row.value(kink - 2 * h)) / h}, 1e-5);
            b.map_second(f, p, at, one, one, slope, false);
            slope.expect_near({0.0}, 0);
        }
    }
    Guarded negative_zero(b, type, {-0.0}), one(b, type, {1.0}), slope(b, type, {9.0});
    b.map_first(Pointwise::relu, {}, negative_zero, one, slope, false);
    slope.expect_near({0.0}, 0);
}

ConvGeometry conv(std::int64_t batch, std::int64_t in, std::int64_t in_c, std::int64_t out_c, std::int64_t kernel, std::int64_t stride = 1,
                  std::int64_t dilation = 1, std::int64_t before = 0, std::int64_t after = 0, std::int64_t groups = 1) {
    ConvGeometry g;
    g.batch = batch;
    g.in_h = in;
    g.in_w = in + 2;   // not square, so that the axes cannot be mixed up
    g.in_c = in_c;
    g.out_c = out_c;
    g.kernel_h = kernel;
    g.kernel_w = kernel > 1 ? kernel - 1 : 1;
    g.stride_h = g.stride_w = stride;
    g.dilation_h = g.dilation_w = dilation;
    g.pad_top = g.pad_left = before;
    g.pad_bottom = g.pad_right = after;
    g.groups = groups;
    g.out_h = (g.in_h + before + after - ((g.kernel_h - 1) * dilation + 1)) / stride + 1;
    g.out_w = (g.in_w + before + after - ((g.kernel_w - 1) * dilation + 1)) / stride + 1;
    return g;
}

const std::vector<ConvGeometry>& conv_cases() {
    static const std::vector<ConvGeometry> cases = {
        conv(1, 1, 1, 1, 1),                        // the smallest
        conv(2, 6, 16, 16, 3, 1, 1, 1, 1),          // the common one
        conv(3, 7, 1, 6, 5),                        // one channel, as for MNIST
        conv(2, 8, 3, 33, 3, 2, 1, 0, 1),           // stride 2 with 'same': more padding behind than before
        conv(2, 9, 31, 32, 3, 2, 1, 1, 1),          //
        conv(2, 9, 4, 6, 3, 1, 2, 2, 2),            // dilation
        conv(1, 11, 5, 3, 3, 2, 3, 3, 2),           // dilation, stride and asymmetric padding
        conv(2, 6, 8, 12, 3, 1, 1, 1, 1, 2),        // groups
        conv(2, 6, 6, 6, 3, 1, 1, 1, 1, 6),         // one channel a group
        conv(2, 6, 4, 8, 3, 2, 1, 0, 1, 4),         // two filters a channel, asymmetric
        conv(5, 5, 20, 7, 1),                       // 1x1: the input is its own unrolled form
        conv(2, 5, 6, 4, 1, 1, 1, 0, 0, 2),         //
        conv(2, 7, 3, 4, 1, 2),                     //
        conv(40, 12, 3, 5, 4, 1, 1, 1, 2),          // several blocks of unrolled windows
        conv(3, 28, 1, 6, 5, 1, 1, 2, 2),           // few channels at even widths: folded
        conv(2, 14, 6, 16, 5), conv(2, 12, 2, 7, 3, 1, 1, 0, 2), conv(2, 8, 3, 5, 2, 1, 1, 1, 0), conv(1, 10, 1, 3, 4, 1, 1, 3, 4),
        conv(1, 3, 2, 3, 3, 1, 1, 3, 3),            // padding as wide as the kernel
    };
    return cases;
}

std::size_t x_size(const ConvGeometry& g) { return at(g.batch * g.in_h * g.in_w * g.in_c); }
std::size_t w_size(const ConvGeometry& g) { return at(g.kernel_h * g.kernel_w * (g.in_c / g.groups) * g.out_c); }
std::size_t y_size(const ConvGeometry& g) { return at(g.batch * g.out_h * g.out_w * g.out_c); }

void convolution(Backend& b, DType type) {
    for (std::size_t i = 0; i < conv_cases().size(); ++i) {
        const ConvGeometry& g = conv_cases()[i];
        SCOPED_TRACE(testing::Message() << "convolution " << i);
        for (const bool add : {false, true, false}) {   // the third run uses what the first ones cached
            Guarded x(b, type, normals(x_size(g), 1)), w(b, type, normals(w_size(g), 2)), gy(b, type, normals(y_size(g), 3));
            Guarded y(b, type, normals(y_size(g), 4)), gx(b, type, normals(x_size(g), 5)), gw(b, type, normals(w_size(g), 6));
            Guarded bias(b, type, normals(at(g.out_c), 7)), biased(b, type, normals(y_size(g), 8));
            b.conv_forward(g, x, w, y, add);
            b.conv_forward(g, x, w, bias, biased, add);
            b.conv_backward_input(g, gy, w, gx, add);
            b.conv_backward_weights(g, x, gy, gw, add);
            Array eb = add ? biased.values() : Array(y_size(g), 0.0);
            for (std::size_t k = 0; k < eb.size(); ++k) eb[k] += bias.values()[k % at(g.out_c)];
            Array ey = add ? y.values() : Array(y_size(g), 0.0), egx = add ? gx.values() : Array(x_size(g), 0.0),
                  egw = add ? gw.values() : Array(w_size(g), 0.0);
            oracle::for_conv_products(g, [&](std::size_t xi, std::size_t wi, std::size_t yi) {
                ey[yi] += x.values()[xi] * w.values()[wi];
                eb[yi] += x.values()[xi] * w.values()[wi];
                egx[xi] += gy.values()[yi] * w.values()[wi];
                egw[wi] += x.values()[xi] * gy.values()[yi];
            });
            x.expect_unchanged();
            w.expect_unchanged();
            gy.expect_unchanged();
            y.expect_near(ey, tolerance(type));
            biased.expect_near(eb, tolerance(type));
            gx.expect_near(egx, tolerance(type));
            // Rounding grows like the root of the number of terms, which is every pixel here.
            gw.expect_near(egw, tolerance(type) * std::max(1.0, std::sqrt(static_cast<double>(y_size(g) / at(g.out_c))) / 30));
        }
    }
}

void convolution_adjoints(Backend& b, DType type) {
    for (std::size_t i = 0; i < conv_cases().size(); ++i) {
        const ConvGeometry& g = conv_cases()[i];
        SCOPED_TRACE(testing::Message() << "convolution " << i);
        Guarded x(b, type, normals(x_size(g), 1)), w(b, type, normals(w_size(g), 2)), gy(b, type, normals(y_size(g), 3));
        Guarded y(b, type, Array(y_size(g), 0.0)), gx(b, type, Array(x_size(g), 0.0)), gw(b, type, Array(w_size(g), 0.0));
        b.conv_forward(g, x, w, y, false);
        b.conv_backward_input(g, gy, w, gx, false);
        b.conv_backward_weights(g, x, gy, gw, false);
        const double image = b.dot(y, gy), scale = std::sqrt(b.dot(y, y) * b.dot(gy, gy));
        EXPECT_LE(std::abs(image - b.dot(x, gx)), tolerance(type) * scale) << "<x * w, gy> = <x, transpose gy>";
        EXPECT_LE(std::abs(image - b.dot(w, gw)), tolerance(type) * scale) << "<x * w, gy> = <w, transpose gy>";
    }
}

void convolution_windows(Backend& b, DType type) {
    for (std::size_t i = 0; i < conv_cases().size(); ++i) {
        const ConvGeometry& g = conv_cases()[i];
        if (g.groups > 1) continue;
        SCOPED_TRACE(testing::Message() << "convolution " << i);
        const std::size_t window = at(g.kernel_h * g.kernel_w * g.in_c);
        Guarded x(b, type, normals(x_size(g), 1)), windows(b, type, Array(at(g.batch * g.out_h * g.out_w) * window, 55.5));
        b.conv_windows(g, x, windows);
        Array expected(windows.values().size(), 0.0);
        oracle::for_conv_products(g, [&](std::size_t xi, std::size_t wi, std::size_t yi) {
            expected[yi / at(g.out_c) * window + wi / at(g.out_c)] = x.values()[xi];
        });
        x.expect_unchanged();
        windows.expect_near(expected, 0);
    }
}

void empty_convolution(Backend& b, DType type) {
    const ConvGeometry g = conv(0, 6, 2, 3, 3);
    Guarded none(b, type, {}), w(b, type, normals(w_size(g), 1)), gw(b, type, normals(w_size(g), 2));
    b.conv_forward(g, none, w, none, false);
    b.conv_backward_input(g, none, w, none, false);
    b.conv_backward_weights(g, none, none, gw, true);
    gw.expect_unchanged();
    b.conv_backward_weights(g, none, none, gw, false);
    gw.expect_near(Array(w_size(g), 0.0), 0);
}

PoolGeometry pool(std::int64_t batch, std::int64_t in, std::int64_t channels, std::int64_t window, std::int64_t stride, std::int64_t before, std::int64_t out) {
    PoolGeometry g;
    g.batch = batch;
    g.in_h = in;
    g.in_w = in + 1;
    g.channels = channels;
    g.pool_h = window;
    g.pool_w = window;
    g.stride_h = stride;
    g.stride_w = stride;
    g.pad_top = before;
    g.pad_left = before;
    g.out_h = out;
    g.out_w = out;
    return g;
}

const std::vector<PoolGeometry>& pool_cases() {
    static const std::vector<PoolGeometry> cases = {pool(1, 1, 1, 1, 1, 0, 1), pool(2, 6, 3, 2, 2, 0, 3), pool(2, 7, 33, 3, 2, 0, 3),
                                                    pool(2, 7, 31, 3, 2, 1, 4), pool(1, 5, 32, 2, 1, 0, 5), pool(3, 4, 5, 4, 4, 0, 1)};
    return cases;
}

void pooling(Backend& b, DType type) {
    for (const PoolGeometry& g : pool_cases()) {
        const std::size_t in = at(g.batch * g.in_h * g.in_w * g.channels), out = at(g.batch * g.out_h * g.out_w * g.channels);
        Array values = normals(in, 1);
        for (double& value : values) value = std::round(2 * value);   // many ties: the first maximum counts
        Guarded x(b, type, values), y(b, type, Array(out, 5.0)), argmax(b, DType::int32, Array(out, -1.0));
        b.max_pool(g, x, y, argmax);
        Array largest(out, -1e30), index(out, -1), mean(out, 0.0), transpose(in, 0.5);
        const Array gy = normals(out, 2);
        oracle::for_pool_cells(g, [&](std::size_t o, std::size_t i, double cells) {
            if (values[i] > largest[o]) {
                largest[o] = values[i];
                index[o] = static_cast<double>(i);
            }
            mean[o] += values[i] / cells;
            transpose[i] += gy[o] / cells;
        });
        y.expect_near(largest, 0);
        argmax.expect_near(index, 0);
        b.average_pool(g, x, y);
        y.expect_near(mean, tolerance(type));
        Guarded gradient(b, type, gy), gx(b, type, Array(in, 0.5));
        b.average_pool_transpose(g, gradient, gx);
        gx.expect_near(transpose, tolerance(type));
        x.expect_unchanged();
        gradient.expect_unchanged();
    }
    Guarded bad(b, type, {1, std::nan(""), 3, 2}), y(b, type, {0.0}), argmax(b, DType::int32, {0.0});
    PoolGeometry g = pool(1, 2, 1, 2, 2, 0, 1);
    g.in_w = 2;
    b.max_pool(g, bad, y, argmax);
    EXPECT_TRUE(std::isnan(y.now()[0])) << "a NaN must not be hidden";
}

void gather(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        Array index(n);
        for (std::size_t i = 0; i < n; ++i) index[i] = static_cast<double>((i * 7) % 13);   // repeats
        Guarded x(b, type, normals(13, 1)), where(b, DType::int32, index), y(b, type, Array(n, 0.0)), g(b, type, normals(n, 2));
        b.gather(x, where, y);
        Array expected(n);
        for (std::size_t i = 0; i < n; ++i) expected[i] = x.values()[static_cast<std::size_t>(index[i])];
        y.expect_near(expected, 0);
        x.expect_unchanged();
        b.scatter_add(g, where, x);
        Array sums = x.values();
        for (std::size_t i = 0; i < n; ++i) sums[static_cast<std::size_t>(index[i])] += g.values()[i];
        x.expect_near(sums, tolerance(type));
        g.expect_unchanged();
        where.expect_unchanged();
    }
    // One place for all: added in order of i, so that only the last term is left of what rounding takes.
    const double large = type == DType::float32 ? 33554432.0 : 18014398509481984.0;   // 2^25, 2^54: adding 1 is lost
    Guarded x(b, type, {0.0, 1.0}), where(b, DType::int32, {1, 1, 1, 1}), g(b, type, {large, 1.0, -large, 3.0});
    b.scatter_add(g, where, x);
    x.expect_near({0.0, 3.0}, 0);
}

void gather_rows(Backend& b, DType type) {
    for (const std::int64_t cols : {1, 32, 33}) {
        const Array rows{4, 0, 4, 2, 1, 4};
        Guarded table(b, type, normals(at(5 * cols), 1)), where(b, DType::int32, rows), y(b, type, Array(at(6 * cols), 0.0)), g(b, type, normals(at(6 * cols), 2));
        b.gather_rows(table, where, cols, y);
        Array expected, sums = table.values();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            for (std::int64_t c = 0; c < cols; ++c) {
                const std::size_t cell = at(static_cast<std::int64_t>(rows[i]) * cols + c);
                expected.push_back(table.values()[cell]);
                sums[cell] += g.values()[at(static_cast<std::int64_t>(i) * cols + c)];
            }
        }
        y.expect_near(expected, 0);
        table.expect_unchanged();
        b.scatter_add_rows(g, where, cols, table);
        table.expect_near(sums, tolerance(type));
    }
}

void permute(Backend& b, DType type) {
    const Shape shape{3, 4, 5, 2};
    const std::size_t n = at(element_count(shape));
    Shape order{0, 1, 2, 3};
    do {
        for (const bool add : {false, true}) {
            Guarded x(b, type, normals(n, 1)), y(b, type, normals(n, 2));
            b.permute(x, shape, order, y, add);
            Array expected = add ? y.values() : Array(n, 0.0);
            for (std::int64_t i = 0; i < 3; ++i)
                for (std::int64_t j = 0; j < 4; ++j)
                    for (std::int64_t k = 0; k < 5; ++k)
                        for (std::int64_t l = 0; l < 2; ++l) {
                            const std::int64_t position[] = {i, j, k, l};
                            std::int64_t target = 0;
                            for (const std::int64_t axis : order) target = target * shape[at(axis)] + position[axis];
                            expected[at(target)] += x.values()[at(((i * 4 + j) * 5 + k) * 2 + l)];
                        }
            x.expect_unchanged();
            y.expect_near(expected, add ? tolerance(type) : 0);
        }
    } while (std::next_permutation(order.begin(), order.end()));
    Guarded scalar(b, type, {2.5}), out(b, type, {0.0});
    b.permute(scalar, {}, {}, out, false);
    out.expect_near({2.5}, 0);
}

void copy_block(Backend& b, DType type) {
    for (const bool add : {false, true}) {
        const std::int64_t rows = 4, cols = 3, from_stride = 5, to_stride = 7;
        Guarded x(b, type, normals(at(3 * from_stride + cols), 1)), y(b, type, normals(at(3 * to_stride + cols), 2));
        b.copy_block(rows, cols, x, from_stride, y, to_stride, add);
        Array expected = y.values();
        for (std::int64_t r = 0; r < rows; ++r)
            for (std::int64_t c = 0; c < cols; ++c) {
                const double moved = x.values()[at(r * from_stride + c)];
                expected[at(r * to_stride + c)] = add ? expected[at(r * to_stride + c)] + moved : moved;
            }
        x.expect_unchanged();
        y.expect_near(expected, add ? tolerance(type) : 0);
    }
    Guarded x(b, DType::int32, {1, 2, 3, 4}), y(b, DType::int32, {0, 0, 0, 0});
    b.copy_block(2, 1, x, 2, y, 1, false);
    y.expect_near({1, 3, 0, 0}, 0);
}

/// Matrices made of eigenvalues that are known: H diag(values) H with the reflection H = I - 2 v v^T / v^T v.
void symmetric_eigenvalues(Backend& b, DType type) {
    for (const auto& [n, count] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 0}, {1, 1}, {1, 5}, {2, 7}, {7, 1}, {32, 3}, {33, 2}, {70, 1}, {2, 70000}}) {
        Array entries, expected;
        for (std::int64_t i = 0; i < count; ++i) {
            Array values = normals(at(n), at(i)), v = normals(at(n), at(100 + i));
            std::sort(values.begin(), values.end());
            double norm = 0;
            for (const double x : v) norm += x * x;
            const auto reflection = [&](std::size_t r, std::size_t c) { return (r == c ? 1.0 : 0.0) - 2 * v[r] * v[c] / norm; };
            for (std::size_t r = 0; r < at(n); ++r)
                for (std::size_t c = 0; c < at(n); ++c) {
                    double sum = 0;
                    for (std::size_t k = 0; k < at(n); ++k) sum += reflection(r, k) * values[k] * reflection(k, c);
                    entries.push_back(sum);
                }
            expected.insert(expected.end(), values.begin(), values.end());
        }
        Guarded matrices(b, type, rounded(entries, type)), values(b, type, Array(at(n * count), 5.0));
        b.symmetric_eigenvalues(n, count, matrices, values);
        matrices.expect_sentinels();
        values.expect_near(expected, 4 * tolerance(type));   // the matrix's own rounding adds to that of the method
    }
}

void transfers(Backend& b, DType type) {
    for (const std::size_t n : sizes) {
        const Array values = normals(n, 1);
        const engine::Buffer buffer = b.from_host(values, type);
        EXPECT_EQ(buffer.size(), n);
        EXPECT_EQ(buffer.type(), type);
        EXPECT_EQ(b.to_host(buffer.view()), values);
    }
    EXPECT_EQ(b.to_host(b.from_host(std::vector<double>{0.1}, type).view()), rounded({0.1}, type));
}

constexpr BackendCase cases[] = {
    {"transfers", transfers}, {"copy", copy}, {"fill", fill}, {"axpy", axpy}, {"scale", scale}, {"multiply", multiply}, {"dot", dot},
    {"accumulate", accumulate}, {"combinations", combinations}, {"fold_of_parts", fold_of_parts}, {"gemm", gemm}, {"gemm_batched", gemm_batched}, {"rows_and_columns", rows_and_columns},
    {"sums_and_dots", sums_and_dots}, {"softmax", softmax}, {"symmetric_eigenvalues", symmetric_eigenvalues}, {"pointwise", pointwise}, {"pointwise_limits", pointwise_limits},
    {"convolution", convolution}, {"convolution_adjoints", convolution_adjoints}, {"convolution_windows", convolution_windows}, {"empty_convolution", empty_convolution},
    {"pooling", pooling}, {"gather", gather}, {"gather_rows", gather_rows}, {"permute", permute}, {"copy_block", copy_block},
};

}  // namespace

std::span<const BackendCase> backend_cases() { return cases; }

}  // namespace assay::test
