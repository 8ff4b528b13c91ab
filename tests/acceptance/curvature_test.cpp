// Curvature of real checkpoints: single precision against long runs in double precision, estimates against full spectra, and the places
// where products go wrong unseen (ragged batches, signs, kinks).

#include "formats/format.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/linop/scaled_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "libanalysis/spectral/spectrum.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>

namespace assay::test {
namespace {

using engine::DType;
using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// Normal entries, length one.
Vector direction(std::size_t n, std::uint64_t key) {
    const Seed seed{key};
    Vector v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = seed.normal(i);
    const double length = std::sqrt(dot(v, v));
    for (double& x : v) x /= length;
    return v;
}

/// A model, rows and the objective that its file states.
struct Case {
    model::Model model;
    data::Rows rows;
    engine::Objective objective;

    Case(const std::string& file, const std::string& data, std::int64_t count, std::optional<double> scale)
        : model(formats::load_model(shared_folder() / "zoo" / file)), objective(engine::objective_of(model, "cross_entropy")) {
        rows.split = formats::open_dataset(shared_folder() / data).train;
        rows.indices = data::sample_rows(data::first_rows(*rows.split, std::min<std::int64_t>(rows.split->rows(), 2000)), count, Seed{7});
        if (scale) rows.preprocessing = {.scale = *scale, .declared = true};
    }
    /// Only the other parameters are asked about: full spectra of wide networks.
    void freeze_the_largest() {
        const auto by_size = [](const model::Parameter& a, const model::Parameter& b) { return element_count(a.shape) < element_count(b.shape); };
        std::max_element(model.parameters.begin(), model.parameters.end(), by_size)->trainable = false;
    }
};

Case grid(const std::string& name, std::int64_t count) { return {"mnist-grid/" + name, "zoo/mnist-grid/data.h5", count, 1.0 / 255}; }
Case repair(const std::string& name, std::int64_t count) { return {"dnn-repair-b/" + name, "data/mnist.h5", count, 1.0}; }
Case toy(int id, std::int64_t count) { return {"pgdl-toy/model_" + std::to_string(id) + "/weights.hdf5", "zoo/pgdl-toy/dataset_1", count, {}}; }

/// A case in one precision, on some of its rows, at its weights or beside them.
struct At {
    engine::Network network;
    std::unique_ptr<engine::Backend> backend = engine::make_cpu_backend();
    engine::Buffer parameters;
    engine::Primal primal;

    At(const Case& of, DType precision) : At(of, precision, of.rows) {}
    At(const Case& of, DType precision, data::Rows rows, double step = 0, const Vector& along = {})
        : network(of.model, {.precision = precision}), parameters(moved(network.pack(*backend, of.model.weights), step, along)),
          primal(network, *backend, parameters.view(), std::move(rows), of.objective, Context{}) {}

    std::unique_ptr<linop::CurvatureOperator> kind(const char* name) const { return linop::find_curvature_kind(name).make(primal); }
    Vector product(const char* name, const Vector& v) const {
        Vector result(v.size());
        kind(name)->apply(v, result);
        return result;
    }

private:
    engine::Buffer moved(engine::Buffer packed, double step, const Vector& along) {
        if (along.empty()) return packed;
        Vector values = backend->to_host(packed.view());
        for (std::size_t i = 0; i < along.size(); ++i) values[i] += step * along[i];   // trainable ones come first
        return backend->from_host(values, network.options().precision);
    }
};

data::Rows part(const data::Rows& rows, std::int64_t first, std::int64_t count) {
    data::Rows some = rows;
    some.indices.assign(rows.indices.begin() + first, rows.indices.begin() + first + count);
    return some;
}

/// (g(w + step v) - g(w - step v)) / (2 step), in double precision.
Vector gradient_difference(const Case& of, const Vector& v, double step) {
    Vector high = At(of, DType::float64, of.rows, step, v).primal.loss_gradient().vector;
    const Vector low = At(of, DType::float64, of.rows, -step, v).primal.loss_gradient().vector;
    for (std::size_t i = 0; i < high.size(); ++i) high[i] = (high[i] - low[i]) / (2 * step);
    return high;
}

struct Dense {
    Vector values;   ///< ascending
    double asymmetry = 0, frobenius = 0;
};

/// The whole spectrum, from products with unit vectors.
Dense full_spectrum(const linop::LinearOperator& a) {
    const std::size_t n = a.rows();
    Vector matrix(n * n), unit(n, 0);
    for (std::size_t j = 0; j < n; ++j) {
        unit[j] = 1;
        a.apply(std::span<const double>(unit), std::span(matrix).subspan(j * n, n));
        unit[j] = 0;
    }
    Dense result;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < i; ++j) result.asymmetry = std::max(result.asymmetry, std::abs(matrix[i * n + j] - matrix[j * n + i]));
    result.frobenius = std::sqrt(dot(matrix, matrix));
    result.values = spectral::lapack::symmetric_eigenvalues(matrix, n);
    return result;
}

// ---- single precision against a long run in double precision ----

struct Checkpoint { std::string name; Case (*open)(const std::string&, std::int64_t); };

void PrintTo(const Checkpoint& checkpoint, std::ostream* out) { *out << checkpoint.name; }

class RealCheckpoint : public testing::TestWithParam<Checkpoint> {};

TEST_P(RealCheckpoint, SinglePrecisionGivesTheEigenvaluesOfDoubleEachOnce) {
    ASSAY_NEEDS_SHARED("zoo");
    const Case of = GetParam().open(GetParam().name, 200);
    const At single(of, DType::float32), wide(of, DType::float64);
    const auto a = single.kind("hessian"), reference = wide.kind("hessian");
    const spectral::Eigenvalues found = spectral::lanczos(*a, {.largest = 5, .tolerance = 1e-3, .seed = Seed{11}});
    // One more than is compared, so that the fifth cannot be a copy of an eigenvalue that was left out.
    const spectral::Eigenvalues known = spectral::spectra(*reference, {.largest = 6, .tolerance = 1e-8, .max_products = 600, .seed = Seed{12}});
    ASSERT_TRUE(found.converged);
    ASSERT_TRUE(known.converged);
    ASSERT_EQ(found.largest.size(), 5u);
    ASSERT_EQ(known.largest.size(), 6u);
    const double top = known.largest.front().value, rounding = 1e-5 * top;
    EXPECT_GT(top, 0);
    double worst = 0;
    for (std::size_t k = 0; k < 5; ++k) {
        const spectral::Eigenpair& pair = found.largest[k];
        const double value = known.largest[k].value, bound = pair.true_residual + known.largest[k].true_residual + rounding;
        EXPECT_TRUE(pair.true_residual >= 0 && pair.true_residual <= 1e-3 * std::abs(pair.value)) << k << ": " << pair.true_residual;
        EXPECT_TRUE(std::abs(pair.value - value) <= bound) << k << ": " << pair.value << ", in double " << value << ", bound " << bound;
        worst = std::max(worst, std::abs(pair.value - value) / value);
        const auto alike = std::count_if(found.largest.begin(), found.largest.end(), [&](const auto& other) { return std::abs(other.value - value) <= bound; });
        const auto there = std::count_if(known.largest.begin(), known.largest.end(), [&](const auto& other) { return std::abs(other.value - value) <= bound; });
        EXPECT_LE(alike, there) << "a copy of " << value;
        // The pair holds in double too: its vector times the other operator.
        Vector image(pair.vector.size());
        reference->apply(std::span<const double>(pair.vector), image);
        for (std::size_t i = 0; i < image.size(); ++i) image[i] -= pair.value * pair.vector[i];
        EXPECT_LE(std::sqrt(dot(image, image)), pair.true_residual + rounding);
        for (std::size_t j = 0; j < k; ++j) EXPECT_LE(std::abs(dot(pair.vector, found.largest[j].vector)), 1e-4) << j << ", " << k;
    }
    std::printf("%s: top %.6g .. %.6g, largest deviation %.2e of a value, %zu products against %zu\n", GetParam().name.c_str(), top, known.largest[4].value,
                worst, found.products, known.products);
}

TEST_P(RealCheckpoint, ExactTracesAgreeInBothPrecisionsAndWithTheEstimates) {
    ASSAY_NEEDS_SHARED("zoo");
    const Case of = GetParam().open(GetParam().name, 200);
    const At single(of, DType::float32), wide(of, DType::float64);
    ASSERT_EQ(engine::gauss_newton_trace_refusal(single.network), "");
    const double exact = engine::gauss_newton_trace(wide.primal).trace, narrow = engine::gauss_newton_trace(single.primal).trace;
    EXPECT_GT(exact, 0);
    EXPECT_NEAR_RELATIVE(narrow, exact, 1e-5);
    const Vector diagonal = engine::gauss_newton_diagonal(wide.primal);
    EXPECT_NEAR_RELATIVE(std::accumulate(diagonal.begin(), diagonal.end(), 0.0), exact, 1e-10);
    std::printf("%s: trace %.10g, single precision %.2e off;", GetParam().name.c_str(), exact, std::abs(narrow - exact) / exact);
    for (const char* kind : {"hessian", "ggn"}) {
        const spectral::Estimate estimate = spectral::xtrace(*single.kind(kind), {.products = 60, .seed = Seed{13}});
        EXPECT_GT(estimate.standard_error, 0);
        EXPECT_LE(estimate.standard_error, 0.1 * exact) << kind << ": says nothing";
        EXPECT_LE(std::abs(estimate.value - exact), 3 * estimate.standard_error + 1e-5 * exact) << kind << ": " << estimate.value << ", exact " << exact;
        std::printf(" XTrace of %s %.2f errors off (error %.2e of the trace);", kind, (estimate.value - exact) / estimate.standard_error,
                    estimate.standard_error / exact);
    }
    std::printf("\n");
}

INSTANTIATE_TEST_SUITE_P(Zoos, RealCheckpoint, testing::Values(Checkpoint{"epoch-01.hdf5", repair}, Checkpoint{"epoch-20.hdf5", repair},
                                                               Checkpoint{"grid_0003.h5", grid}, Checkpoint{"grid_0005.h5", grid}),
                         [](const auto& instance) { return "model" + std::to_string(instance.index); });

// ---- full spectra ----

void expect_both_ends(const linop::LinearOperator& a, const Dense& all, const std::string& name) {
    const std::size_t wanted = 3, n = all.values.size();
    const spectral::Eigenvalues found = spectral::lanczos(a, {.largest = wanted, .smallest = wanted, .tolerance = 1e-6, .max_products = n, .seed = Seed{14}});
    EXPECT_TRUE(found.converged) << name;
    ASSERT_EQ(found.largest.size(), wanted);
    ASSERT_EQ(found.smallest.size(), wanted);
    const double rounding = 1e-12 * all.values.back();
    double worst = 0;
    for (std::size_t k = 0; k < wanted; ++k) {
        const double high = all.values[n - 1 - k], low = all.values[k];
        EXPECT_TRUE(std::abs(found.largest[k].value - high) <= found.largest[k].true_residual + rounding) << name << " " << k << ": " << found.largest[k].value << ", " << high;
        EXPECT_TRUE(std::abs(found.smallest[k].value - low) <= found.smallest[k].true_residual + rounding) << name << " " << k << ": " << found.smallest[k].value << ", " << low;
        worst = std::max({worst, std::abs(found.largest[k].value - high), std::abs(found.smallest[k].value - low)});
    }
    EXPECT_LT(found.products, n) << name << ": not a search";
    std::printf("%s: from %.6g to %.6g, both ends within %.2e after %zu products\n", name.c_str(), all.values.front(), all.values.back(), worst, found.products);
}

/// Trace, norm and both ends of a network, each by its own way, against all its eigenvalues.
void expect_the_full_spectrum(const Case& of, const std::string& name) {
    const At at(of, DType::float64);
    const auto a = at.kind("hessian");
    const Dense all = full_spectrum(*a);
    EXPECT_LE(all.asymmetry, 1e-12 * all.values.back()) << name;
    const double sum = std::accumulate(all.values.begin(), all.values.end(), 0.0);
    const spectral::Spectrum quadrature = spectral::spectrum(*a, {}, {.probes = 10, .steps = 40, .seed = Seed{15}});
    const spectral::Estimate norm = spectral::frobenius_norm(*a, {.products = 40, .seed = Seed{16}});
    const spectral::Estimate trace = spectral::hutchinson_trace(*a, {.products = 40, .seed = Seed{17}});
    EXPECT_NEAR_RELATIVE(std::sqrt(dot(all.values, all.values)), all.frobenius, 1e-10);
    EXPECT_LE(std::abs(quadrature.frobenius.value - all.frobenius), 3 * quadrature.frobenius.standard_error) << name << ": " << all.frobenius;
    EXPECT_LE(std::abs(norm.value - all.frobenius), 3 * norm.standard_error) << name << ": " << norm.value << ", " << all.frobenius;
    EXPECT_LE(std::abs(trace.value - sum), 3 * trace.standard_error) << name << ": " << trace.value << ", " << sum;
    EXPECT_LE(norm.standard_error, 0.5 * all.frobenius) << name << ": says nothing";
    // The quadrature's own moments: its nodes and weights carry the squares of the eigenvalues.
    double squares = 0;
    for (std::size_t i = 0; i < quadrature.density.nodes.size(); ++i) squares += quadrature.density.weights[i] * std::pow(quadrature.density.nodes[i], 2);
    squares *= static_cast<double>(all.values.size());
    EXPECT_NEAR_RELATIVE(std::sqrt(squares), quadrature.frobenius.value, 1e-8);
    EXPECT_NEAR(quadrature.largest, all.values.back(), quadrature.largest_residual + 1e-12 * all.values.back()) << name;
    std::printf("%s: %zu parameters, trace %.10g, Frobenius %.6g (quadrature %+.2f, Hutchinson %+.2f errors off)", name.c_str(), all.values.size(), sum,
                all.frobenius, (quadrature.frobenius.value - all.frobenius) / quadrature.frobenius.standard_error,
                (norm.value - all.frobenius) / norm.standard_error);
    if (engine::gauss_newton_trace_refusal(at.network).empty()) {
        const double exact = engine::gauss_newton_trace(at.primal).trace;
        EXPECT_NEAR_RELATIVE(exact, sum, 1e-8);
        std::printf(", exact trace %.2e off", std::abs(exact - sum) / sum);
    }
    std::printf("\n");
    expect_both_ends(*a, all, name);
}

// Convolution, max-pooling and two dense layers, of which the first is held fixed: 794 parameters.
TEST(FullSpectrum, OfARectifierNetworkGivesTraceNormAndBothEnds) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    Case of = grid("grid_0003.h5", 60);
    of.freeze_the_largest();
    ASSERT_EQ(engine::gauss_newton_trace_refusal(engine::Network(of.model)), "");
    expect_the_full_spectrum(of, "grid_0003.h5");
}

class ToySpectrum : public testing::TestWithParam<int> {};

TEST_P(ToySpectrum, GivesTraceNormAndBothEnds) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const Case of = toy(GetParam(), 40);
    EXPECT_EQ(engine::gauss_newton_trace_refusal(engine::Network(of.model)).empty(), GetParam() % 2 == 0) << "rectifiers have even numbers";
    expect_the_full_spectrum(of, "model_" + std::to_string(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Models, ToySpectrum, testing::Values(0, 1, 6, 7, 12, 13));

/// Eigenvalues that are not rounding.
std::ptrdiff_t rank(const Vector& ascending) {
    return std::count_if(ascending.begin(), ascending.end(), [&](double value) { return std::abs(value) > 1e-11 * ascending.back(); });
}

TEST(GaussNewtonMatrix, HasAtMostRowsTimesClassesLessOneEigenvalues) {
    ASSAY_NEEDS_SHARED("zoo");
    Case frozen = grid("grid_0003.h5", 5);
    frozen.freeze_the_largest();
    struct Few { std::string name; Case of; std::ptrdiff_t classes; };
    for (const Few& few : {Few{"model_0", toy(0, 5), 2}, Few{"model_1", toy(1, 5), 2}, Few{"model_7", toy(7, 7), 2}, Few{"grid_0003.h5", frozen, 10}}) {
        const At at(few.of, DType::float64);
        const Vector values = full_spectrum(*at.kind("ggn")).values;
        const std::ptrdiff_t limit = few.of.rows.count() * (few.classes - 1);
        EXPECT_LE(rank(values), limit) << few.name;
        EXPECT_GT(rank(values), limit / 2) << few.name;
        EXPECT_GE(values.front(), -1e-12 * values.back()) << few.name << ": positive semi-definite";
        EXPECT_GT(rank(full_spectrum(*at.kind("hessian")).values), limit) << few.name << ": the Hessian knows no such bound";
        std::printf("%s: %td of at most %td eigenvalues, lowest %.2e of the top\n", few.name.c_str(), rank(values), limit, values.front() / values.back());
    }
}

// ---- where products go wrong ----

TEST(Product, WeighsRowsAlikeHoweverTheyAreCut) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    Case of = grid("grid_0005.h5", 1);
    const std::int64_t batch = engine::Network(of.model, {.precision = DType::float64}).micro_batch();
    const std::int64_t rows = batch + 37;   // a full micro-batch and a ragged one
    of = grid("grid_0005.h5", rows);
    of.objective.l2.clear();
    const At whole(of, DType::float64);
    ASSERT_EQ(whole.primal.cache().batches, 2);
    const Vector v = direction(whole.primal.size(), 18);
    for (const char* kind : {"hessian", "ggn", "ef"}) {
        const Vector product = whole.product(kind, v);
        const auto sum_of_parts = [&](const std::vector<std::int64_t>& cuts, bool weighted) {
            Vector sum(v.size(), 0);
            for (std::size_t p = 0; p + 1 < cuts.size(); ++p) {
                const std::int64_t count = cuts[p + 1] - cuts[p];
                const double weight = weighted ? static_cast<double>(count) / static_cast<double>(rows) : 1 / static_cast<double>(cuts.size() - 1);
                const Vector one = At(of, DType::float64, part(of.rows, cuts[p], count)).product(kind, v);
                for (std::size_t i = 0; i < v.size(); ++i) sum[i] += weight * one[i];
            }
            return sum;
        };
        std::vector<std::int64_t> singly(static_cast<std::size_t>(rows) + 1);
        std::iota(singly.begin(), singly.end(), std::int64_t{0});
        const double rows_off = distance(product, sum_of_parts(singly, true)), cut_off = distance(product, sum_of_parts({0, 11, 12, 50, rows}, true));
        EXPECT_LE(rows_off, 1e-12) << kind;
        EXPECT_LE(cut_off, 1e-12) << kind;
        const double uniform = distance(product, sum_of_parts({0, batch, rows}, false));
        EXPECT_GE(uniform, 1e-2) << kind << ": these rows cannot tell weights of batches";
        std::printf("%s: %lld + 37 rows, rows singly %.2e off, four parts %.2e off, equal weights of batches %.2e off\n", kind,
                    static_cast<long long>(batch), rows_off, cut_off, uniform);
    }
}

TEST(BottomEnd, IsNegativeAndItsVectorSaysSo) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const Case of = grid("grid_0003.h5", 100);
    const At at(of, DType::float32);
    const auto a = at.kind("hessian");
    const spectral::Eigenvalues ends = spectral::lanczos(*a, {.largest = 1, .smallest = 1, .tolerance = 1e-3, .seed = Seed{19}});
    ASSERT_TRUE(ends.converged);
    const spectral::Eigenpair& low = ends.smallest.front();
    EXPECT_LT(low.value, 0);
    // Differences of the gradient in double precision know nothing of tangents.
    const double curvature = dot(low.vector, gradient_difference(of, low.vector, 1e-7));
    EXPECT_LE(std::abs(curvature - low.value), low.true_residual + 1e-4 * std::abs(low.value)) << curvature << ", " << low.value;
    const linop::ScaledOperator turned(-1, *a);
    const spectral::Eigenvalues other = spectral::lanczos(turned, {.largest = 1, .smallest = 1, .tolerance = 1e-3, .seed = Seed{20}});
    EXPECT_LE(std::abs(other.largest.front().value + low.value), other.largest.front().true_residual + low.true_residual);
    EXPECT_LE(std::abs(other.smallest.front().value + ends.largest.front().value),
              other.smallest.front().true_residual + ends.largest.front().true_residual);
    std::printf("lowest %.6g, by differences %.6g, of -H %.6g\n", low.value, curvature, other.largest.front().value);
}

/// One hidden layer of rectifiers, by plain loops. Parameters: kernel [in, hidden], bias, kernel [hidden, classes], bias.
struct PlainNetwork {
    std::size_t in, hidden, classes;
    Vector x;   ///< [rows, in]
    std::vector<std::int64_t> labels;

    std::vector<char> mask(const Vector& w) const {
        std::vector<char> open;
        for (std::size_t n = 0; n < labels.size(); ++n)
            for (std::size_t j = 0; j < hidden; ++j) open.push_back(pre_activation(w, n, j) > 0);
        return open;
    }
    /// The gradient of the mean cross-entropy, rectifiers open where `open` says so.
    Vector gradient(const Vector& w, const std::vector<char>& open) const {
        Vector g(w.size(), 0);
        const std::size_t bias = in * hidden, out = bias + hidden, last = out + hidden * classes;
        for (std::size_t n = 0; n < labels.size(); ++n) {
            Vector h(hidden), z(w.begin() + static_cast<std::ptrdiff_t>(last), w.end());
            for (std::size_t j = 0; j < hidden; ++j) h[j] = open[n * hidden + j] ? pre_activation(w, n, j) : 0;
            double total = 0;
            for (std::size_t k = 0; k < classes; ++k) {
                for (std::size_t j = 0; j < hidden; ++j) z[k] += h[j] * w[out + j * classes + k];
                total += std::exp(z[k]);
            }
            for (std::size_t k = 0; k < classes; ++k) {
                const double delta = (std::exp(z[k]) / total - (labels[n] == static_cast<std::int64_t>(k))) / static_cast<double>(labels.size());
                g[last + k] += delta;
                for (std::size_t j = 0; j < hidden; ++j) {
                    g[out + j * classes + k] += delta * h[j];
                    if (!open[n * hidden + j]) continue;
                    const double back = delta * w[out + j * classes + k];
                    g[bias + j] += back;
                    for (std::size_t i = 0; i < in; ++i) g[i * hidden + j] += back * x[n * in + i];
                }
            }
        }
        return g;
    }

private:
    double pre_activation(const Vector& w, std::size_t n, std::size_t j) const {
        double sum = w[in * hidden + j];
        for (std::size_t i = 0; i < in; ++i) sum += x[n * in + i] * w[i * hidden + j];
        return sum;
    }
};

Vector along(const Vector& w, double step, const Vector& v) {
    Vector moved = w;
    for (std::size_t i = 0; i < w.size(); ++i) moved[i] += step * v[i];
    return moved;
}

// A second derivative taken from gradients on both sides of a kink counts the jump; with the kinks held open or shut it does not.
TEST(Differences, GoWrongAcrossKinksWhereProductsDoNot) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    const Case of = toy(0, 40);
    const At at(of, DType::float64);
    PlainNetwork plain{.in = 3, .hidden = 64, .classes = 2, .x = Vector(40 * 3), .labels = std::vector<std::int64_t>(40)};
    of.rows.split->read(0, of.rows.indices, std::span<double>(plain.x));
    of.rows.split->read_labels(of.rows.indices, plain.labels);
    Vector w = at.backend->to_host(at.parameters.view());
    const Vector v = direction(w.size(), 21), product = at.product("hessian", v);
    const std::vector<char> here = plain.mask(w);
    const auto crossings = [&](double step) {
        std::ptrdiff_t count = 0;
        for (const double side : {step, -step}) {
            const std::vector<char> there = plain.mask(along(w, side, v));
            for (std::size_t i = 0; i < here.size(); ++i) count += there[i] != here[i];
        }
        return count;
    };
    const auto held = [&](double step) {
        Vector high = plain.gradient(along(w, step, v), here);
        const Vector low = plain.gradient(along(w, -step, v), here);
        for (std::size_t i = 0; i < high.size(); ++i) high[i] = (high[i] - low[i]) / (2 * step);
        return high;
    };
    EXPECT_LE(distance(plain.gradient(w, here), at.primal.loss_gradient().vector), 1e-12) << "the oracle is this network";
    ASSERT_EQ(crossings(1e-6), 0);
    const double near = distance(product, gradient_difference(of, v, 1e-6));
    EXPECT_LE(near, difference);
    const double step = 0.02;
    ASSERT_GT(crossings(step), 0);
    const double across = distance(gradient_difference(of, v, step), product), without = distance(held(step), product);
    EXPECT_GE(across, 30 * without) << "kinks make the difference";
    EXPECT_GE(across, 1e-2);
    std::printf("no kink crossed: %.2e off; %td crossings at step %g: %.2e off, with kinks held %.2e off\n", near, crossings(step), step, across, without);
}

/// Which rectifiers are open and which input each 2 x 2 window of max-pooling takes, for every row.
std::vector<int> pattern(const At& at) {
    std::vector<int> choices;
    const auto& names = at.network.node_names();
    at.primal.visit(engine::Primal::Part::values, [&](const engine::Primal::Item& item) {
        for (std::size_t node = 1; node < names.size(); ++node) {
            const Vector values = item.lane.to_host(item.tape.output(node));
            for (const double value : values) choices.push_back(value > 0);
            const Shape shape = at.network.node_shape(node), below = at.network.node_shape(node - 1);
            if (names[node].find("max_pooling") == std::string::npos) continue;
            const Vector input = item.lane.to_host(item.tape.output(node - 1));
            const auto height = static_cast<std::size_t>(below[0]), width = static_cast<std::size_t>(below[1]), channels = static_cast<std::size_t>(below[2]);
            const auto rows = input.size() / (height * width * channels);
            for (std::size_t n = 0; n < rows; ++n)
                for (std::size_t y = 0; y + 1 < height; y += 2)
                    for (std::size_t x = 0; x + 1 < width; x += 2)
                        for (std::size_t c = 0; c < channels; ++c) {
                            const auto value = [&](std::size_t k) { return input[((n * height + y + k / 2) * width + x + k % 2) * channels + c]; };
                            int best = 0;
                            for (int k = 1; k < 4; ++k)
                                if (value(static_cast<std::size_t>(k)) > value(static_cast<std::size_t>(best))) best = k;
                            choices.push_back(best);
                        }
        }
    });
    return choices;
}

TEST(Product, IsTheCentralDifferenceOfTheGradientWhereNoKinkIsCrossed) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const double step = 1e-6;
    const Case of = grid("grid_0003.h5", 20);
    const At here(of, DType::float64);
    const Vector v = direction(here.primal.size(), 22);
    const auto there = pattern(here);
    ASSERT_GT(std::count_if(there.begin(), there.end(), [](int choice) { return choice > 1; }), 0) << "windows are looked at";
    ASSERT_EQ(pattern(At(of, DType::float64, of.rows, step, v)), there);
    ASSERT_EQ(pattern(At(of, DType::float64, of.rows, -step, v)), there);
    const double off = distance(here.product("hessian", v), gradient_difference(of, v, step));
    EXPECT_LE(off, difference);
    std::printf("central differences %.2e off\n", off);
}

}  // namespace
}  // namespace assay::test
