// Curvature products over several micro-batches and a ragged one, against differences, dense sums of rows and known networks.

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/linop/input_jacobian_operator.hpp"
#include "libanalysis/linop/scaled_operator.hpp"
#include "libanalysis/linop/shifted_operator.hpp"
#include "libanalysis/linop/submatrix_operator.hpp"
#include "libanalysis/linop/sum_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"

#include "tests/engine/backend/small_network.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/spectral/places.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace assay::test {

namespace {

using engine::DType;
using engine::Network;
using engine::Primal;

constexpr std::int64_t row_count = 1111;   // several micro-batches and a ragged one

/// A precision, and whether everything lies on a device other than the host.
struct Case {
    DType precision = DType::float32;
    bool device = false;
    Case(DType type, bool on_device = false) : precision(type), device(on_device) {}
    operator DType() const { return precision; }
};
void PrintTo(const Case& c, std::ostream* out) { *out << to_string(c.precision) << (c.device ? "_device" : "_host"); }

/// Everything a product wants, in one precision and place.
struct Setting {
    SmallNetwork small;
    SmallData data{row_count};
    Network network;
    std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>();   // of a device
    std::unique_ptr<engine::Backend> backend;
    engine::Buffer parameters;
    engine::Objective objective{.loss = engine::find_loss("cross_entropy")};
    Context context;

    explicit Setting(Case c, int threads = 1) : network(small.model, {.precision = c.precision}), backend(engine::make_cpu_backend()) {
        if (c.device) backend = std::make_unique<DeviceDouble>(std::move(backend), traffic);
        parameters = network.pack(*backend, small.model.weights);
        context.threads = threads;
    }
    Primal primal() { return Primal(network, *backend, parameters.view(), data.rows, objective, context); }
    Primal::Mean gradient() { return primal().loss_gradient(); }
    std::vector<double> product(const char* kind, const std::vector<double>& v) {
        const Primal base = primal();
        return test::product(*linop::find_curvature_kind(kind).make(base), v);
    }
    void move_parameters(double step, const std::vector<double>& along) {
        std::vector<double> moved = small.flat;
        for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += step * along[i];
        parameters = backend->from_host(moved, network.options().precision);
    }
};

double tolerance(DType type) { return type == DType::float32 ? roundoff<float> : roundoff<double>; }

/// The mean loss by plain loops.
double mean_loss(const std::vector<double>& w, const SmallData& data) {
    double total = 0;
    for (std::int64_t i = 0; i < data.rows.count(); ++i) {
        const std::vector<double> z = SmallNetwork::logits(w, data.row(i));
        double sum = 0;
        for (const double logit : z) sum += std::exp(logit);
        total += std::log(sum) - z[static_cast<std::size_t>(data.label(i))];
    }
    return total / static_cast<double>(data.rows.count());
}

class Curvature : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(BothPrecisionsAndPlaces, Curvature, testing::Values(Case(DType::float32), Case(DType::float64), Case(DType::float32, true), Case(DType::float64, true)),
                         testing::PrintToStringParamName());

TEST_P(Curvature, LossAndGradientWeighEveryRowAlike) {
    Setting s(GetParam());
    const engine::Primal::Mean found = s.gradient();
    EXPECT_NEAR_RELATIVE(found.value, mean_loss(s.small.flat, s.data), tolerance(GetParam()));
    std::vector<double> differences;
    for (std::size_t i = 0; i < SmallNetwork::parameters; ++i) {
        const double h = 1e-5;
        std::vector<double> high = s.small.flat, low = s.small.flat;
        high[i] += h;
        low[i] -= h;
        differences.push_back((mean_loss(high, s.data) - mean_loss(low, s.data)) / (2 * h));
    }
    EXPECT_LE(distance(found.vector, differences), GetParam() == DType::float32 ? 10 * difference : difference);
}

TEST_P(Curvature, HessianProductIsTheDifferenceOfTheGradient) {
    Setting s(GetParam()), wide(DType::float64);
    const std::vector<double> v = normals(SmallNetwork::parameters, 31);
    const double h = 1e-5;
    wide.move_parameters(h, v);
    std::vector<double> differences = wide.gradient().vector;
    wide.move_parameters(-h, v);
    const std::vector<double> low = wide.gradient().vector;
    for (std::size_t i = 0; i < low.size(); ++i) differences[i] = (differences[i] - low[i]) / (2 * h);
    EXPECT_LE(distance(s.product("hessian", v), differences), GetParam() == DType::float32 ? 10 * difference : difference);
}

TEST_P(Curvature, GaussNewtonProductIsThatOfTheJacobianByDifferences) {
    Setting s(GetParam());
    const std::vector<double> v = normals(SmallNetwork::parameters, 32);
    const double h = 1e-5;
    std::vector<double> expected(SmallNetwork::parameters, 0.0);
    for (std::int64_t row = 0; row < row_count; ++row) {
        std::vector<std::vector<double>> jacobian;   // per parameter, of the three outputs
        std::vector<double> jv(3, 0.0);
        for (std::size_t i = 0; i < SmallNetwork::parameters; ++i) {
            std::vector<double> high = s.small.flat, low = s.small.flat;
            high[i] += h;
            low[i] -= h;
            const std::vector<double> up = SmallNetwork::logits(high, s.data.row(row)), down = SmallNetwork::logits(low, s.data.row(row));
            jacobian.emplace_back();
            for (std::size_t k = 0; k < 3; ++k) {
                jacobian.back().push_back((up[k] - down[k]) / (2 * h));
                jv[k] += jacobian.back()[k] * v[i];
            }
        }
        const std::vector<double> z = SmallNetwork::logits(s.small.flat, s.data.row(row));
        double sum = 0, mean = 0;
        for (const double logit : z) sum += std::exp(logit);
        for (std::size_t k = 0; k < 3; ++k) mean += std::exp(z[k]) / sum * jv[k];
        for (std::size_t i = 0; i < SmallNetwork::parameters; ++i) {
            for (std::size_t k = 0; k < 3; ++k) expected[i] += jacobian[i][k] * std::exp(z[k]) / sum * (jv[k] - mean) / static_cast<double>(row_count);
        }
    }
    EXPECT_LE(distance(s.product("ggn", v), expected), GetParam() == DType::float32 ? 10 * difference : difference);
}


/// The gradient of one row's loss, by a data set of that row alone.
std::vector<std::vector<double>> gradients_of_rows(std::int64_t count) {
    Setting s(DType::float64);
    const std::vector<std::int64_t> all = s.data.rows.indices;
    std::vector<std::vector<double>> gradients;
    for (std::int64_t i = 0; i < count; ++i) {
        s.data.rows.indices = {all[static_cast<std::size_t>(i)]};
        gradients.push_back(s.gradient().vector);
    }
    return gradients;
}

TEST_P(Curvature, FisherMatricesOfGradientsAreSumsOverRows) {
    Setting s(GetParam());
    const std::vector<double> v = normals(SmallNetwork::parameters, 34);
    const auto gradients = gradients_of_rows(row_count);
    std::vector<double> second(v.size(), 0), mean(v.size(), 0);
    for (const auto& g : gradients) {
        const double slope = std::inner_product(g.begin(), g.end(), v.begin(), 0.0);
        for (std::size_t i = 0; i < g.size(); ++i) second[i] += slope * g[i] / row_count, mean[i] += g[i] / row_count;
    }
    std::vector<double> covariance = second;
    const double slope = std::inner_product(mean.begin(), mean.end(), v.begin(), 0.0);
    for (std::size_t i = 0; i < v.size(); ++i) covariance[i] -= slope * mean[i];
    EXPECT_LE(distance(s.product("ef", v), second), 10 * tolerance(GetParam()));
    EXPECT_LE(distance(s.product("gradient_covariance", v), covariance), 10 * tolerance(GetParam()));
}

TEST_P(Curvature, FisherOfTheModelsOwnLabelsIsTheGaussNewtonMatrix) {
    Setting s(GetParam());
    const std::vector<double> v = normals(SmallNetwork::parameters, 35);
    EXPECT_LE(distance(s.product("fisher", v), s.product("ggn", v)), 10 * tolerance(GetParam()));
}

TEST_P(Curvature, ResidualIsHessianLessGaussNewton) {
    Setting s(GetParam());
    const std::vector<double> v = normals(SmallNetwork::parameters, 36);
    std::vector<double> expected = s.product("hessian", v);
    const std::vector<double> gauss_newton = s.product("ggn", v);
    for (std::size_t i = 0; i < v.size(); ++i) expected[i] -= gauss_newton[i];
    EXPECT_LE(distance(s.product("residual", v), expected), 100 * tolerance(GetParam()));
}

TEST_P(Curvature, RegulariserAddsToHessianAndGaussNewtonAlone) {
    Setting plain(GetParam()), s(GetParam());
    s.objective.l2 = {0.25, 0, 0.125, 0};
    const std::vector<double> v = normals(SmallNetwork::parameters, 37);
    std::vector<double> added(v.size(), 0);
    for (std::size_t i = 0; i < 30; ++i) added[i] = 0.5 * v[i];
    for (std::size_t i = 35; i < 50; ++i) added[i] = 0.25 * v[i];
    for (const char* kind : {"hessian", "ggn"}) {
        std::vector<double> expected = plain.product(kind, v);
        for (std::size_t i = 0; i < v.size(); ++i) expected[i] += added[i];
        EXPECT_LE(distance(s.product(kind, v), expected), tolerance(GetParam())) << kind;
    }
    for (const char* kind : {"ef", "residual", "fisher"}) EXPECT_EQ(s.product(kind, v), plain.product(kind, v)) << kind;
    double norms = 0;
    for (std::size_t i = 0; i < 30; ++i) norms += 0.25 * s.small.flat[i] * s.small.flat[i];
    for (std::size_t i = 35; i < 50; ++i) norms += 0.125 * s.small.flat[i] * s.small.flat[i];
    EXPECT_NEAR_RELATIVE(s.gradient().value, plain.gradient().value + norms, 10 * tolerance(GetParam()));
}

TEST_P(Curvature, ProductsAreSymmetricAndLinear) {
    Setting s(GetParam());
    const std::vector<double> u = normals(SmallNetwork::parameters, 38), v = normals(SmallNetwork::parameters, 39);
    std::vector<double> sum(u.size());
    for (std::size_t i = 0; i < u.size(); ++i) sum[i] = 2 * u[i] - 3 * v[i];
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        const std::string name(kind->name);
        const auto au = s.product(name.c_str(), u), av = s.product(name.c_str(), v);
        EXPECT_NEAR_RELATIVE(std::inner_product(u.begin(), u.end(), av.begin(), 0.0), std::inner_product(v.begin(), v.end(), au.begin(), 0.0), 100 * tolerance(GetParam())) << name;
        std::vector<double> expected(u.size());
        for (std::size_t i = 0; i < u.size(); ++i) expected[i] = 2 * au[i] - 3 * av[i];
        EXPECT_LE(distance(s.product(name.c_str(), sum), expected), 20 * tolerance(GetParam())) << name;
    }
}

TEST_P(Curvature, VectorsOfEitherPrecisionHaveTheSameProducts) {
    Setting s(GetParam());
    const std::vector<double> v = normals(SmallNetwork::parameters, 43);
    std::vector<float> single(v.begin(), v.end());
    const std::vector<double> rounded(single.begin(), single.end());
    const Primal base = s.primal();
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        const auto a = kind->make(base);
        std::vector<double> expected(v.size());
        std::vector<float> product(v.size() + 1, 7.0f);   // the last one is not its own
        a->apply(rounded, expected);
        a->apply(std::span<const float>(single), std::span<float>(product).first(v.size()));
        EXPECT_EQ(product.back(), 7.0f) << kind->name;
        EXPECT_LE(distance(std::vector<double>(product.begin(), product.end() - 1), expected), roundoff<float>) << kind->name;
    }
}

class CurvatureOnADevice : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(BothPrecisions, CurvatureOnADevice, testing::Values(DType::float32, DType::float64));

TEST_P(CurvatureOnADevice, IsThatOfTheHostForEveryLoss) {
    const std::vector<double> v = normals(SmallNetwork::parameters, 45);
    for (const engine::Loss* loss : engine::losses()) {
        Setting host(GetParam()), device(Case(GetParam(), true));
        host.objective = device.objective = {.loss = loss, .l2 = {0.25, 0, 0.125, 0}};
        for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
            const std::string name(kind->name);
            const double near = GetParam() == DType::float32 ? 10 * roundoff<float> : 1e-12;
            EXPECT_LE(distance(device.product(name.c_str(), v), host.product(name.c_str(), v)), near) << name << ", " << loss->name;
        }
        const Primal::Mean ours = device.gradient(), theirs = host.gradient();
        EXPECT_NEAR_RELATIVE(ours.value, theirs.value, roundoff<double>) << loss->name;
        EXPECT_LE(distance(ours.vector, theirs.vector), GetParam() == DType::float32 ? roundoff<float> : 1e-12) << loss->name;
    }
}

TEST_P(CurvatureOnADevice, PassesNothingOnACachedPrimal) {
    Setting s(Case(GetParam(), true));
    s.objective.l2 = {0.25, 0, 0.125, 0};
    const Primal base = s.primal();
    const engine::Buffer x = s.backend->from_host(normals(base.size(), 46), s.network.options().precision);
    engine::Buffer y = s.backend->allocate(x.type(), base.size());
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        const auto a = kind->make(base);
        a->apply_on_device(x.view(), y.view());   // fills the cache
        s.traffic->clear();
        a->apply_on_device(x.view(), y.view());
        EXPECT_EQ(s.traffic->downloads().calls, 0u) << kind->name;
        EXPECT_EQ(s.traffic->uploads().calls, 0u) << kind->name;
        EXPECT_EQ(s.traffic->calls("dot"), kind->name == "gradient_covariance" ? 1u : 0u) << kind->name;   // with the mean gradient
        EXPECT_EQ(s.traffic->calls("dots"), 0u) << kind->name;
        EXPECT_GT(s.traffic->calls("gemm NN"), 0u) << kind->name;
    }
    // Without a cache a micro-batch's rows and labels go there, and its products wait for nothing either.
    s.context.memory = 0;
    const Primal bare = s.primal();
    const auto hessian = linop::find_curvature_kind("hessian").make(bare);
    hessian->apply_on_device(x.view(), y.view());
    s.traffic->clear();
    hessian->apply_on_device(x.view(), y.view());
    EXPECT_EQ(s.traffic->downloads().calls, 0u);
    EXPECT_EQ(s.traffic->uploads().calls, 2 * static_cast<std::size_t>(bare.cache().batches));
}

TEST_P(Curvature, LanczosKeepsItsVectorsWhereTheOperatorIs) {
    Setting s(GetParam());
    const Primal base = s.primal();
    const auto hessian = linop::find_curvature_kind("hessian").make(base);
    const linop::ScaledOperator scaled(2, *hessian);
    const linop::ShiftedOperator shifted(scaled, 1);
    const linop::SumOperator sum(1, shifted, 1, *hessian);           // 3 H - 1
    const linop::SubmatrixOperator part(sum, {{"second", 35, 18}, {"first", 0, 35}});
    const spectral::EigenOptions options{.largest = 2, .smallest = 1, .tolerance = 1e-3, .vectors = false};
    const spectral::Eigenvalues plain = spectral::lanczos(*hessian, options);
    s.traffic->clear();
    const spectral::Eigenvalues moved = spectral::lanczos(part, options);
    ASSERT_TRUE(plain.converged && moved.converged);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(moved.largest[i].value, 3 * plain.largest[i].value - 1, 2e-3 * plain.largest[0].value) << i;
    EXPECT_NEAR(moved.smallest[0].value, 3 * plain.smallest[0].value - 1, 2e-3 * plain.largest[0].value);
    EXPECT_EQ(part.device() != nullptr, GetParam().device);
    if (!GetParam().device) return;
    EXPECT_EQ(s.traffic->downloads().calls, 0u);
    EXPECT_EQ(s.traffic->uploads().calls, 1u);   // the start
}

TEST(CurvatureVectors, OfADeviceAreRefusedWhereTheyDoNotFit) {
    Setting s(Case(DType::float32, true));
    const Primal base = s.primal();
    const auto hessian = linop::find_curvature_kind("hessian").make(base);
    engine::Buffer x = s.backend->zeros(DType::float32, base.size()), y = s.backend->zeros(DType::float32, base.size() - 1), wide = s.backend->zeros(DType::float64, base.size());
    EXPECT_THROW(hessian->apply_on_device(x.view(), y.view()), Error);
    EXPECT_THROW(hessian->apply_on_device(x.view(), wide.view()), Error);
    EXPECT_THROW(hessian->apply_on_device(wide.view(), x.view()), Error);
    const Diagonal host(std::vector<double>(base.size(), 1.0), true);
    EXPECT_EQ(linop::SumOperator(1, *hessian, 1, host).device(), nullptr);   // of two places: the host
}

TEST_P(Curvature, BitsDoNotDependOnThreads) {
    const std::vector<double> v = normals(SmallNetwork::parameters, 33);
    Setting alone(GetParam());
    const Primal::Mean gradient = alone.gradient();
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        const std::vector<double> product = alone.product(std::string(kind->name).c_str(), v);
        for (const int threads : {2, 3, 5}) {
            Setting s(GetParam(), threads);
            EXPECT_EQ(s.gradient().value, gradient.value);
            EXPECT_EQ(s.gradient().vector, gradient.vector);
            EXPECT_EQ(s.product(std::string(kind->name).c_str(), v), product) << kind->name;
        }
    }
}

TEST_P(Curvature, HalfTheMemoryGivesTheSameBitsAndSaysWhatIsCached) {
    const std::vector<double> v = normals(SmallNetwork::parameters, 40);
    Setting roomy(GetParam());
    const Primal whole = roomy.primal();
    const auto op = linop::find_curvature_kind("hessian").make(whole);
    std::vector<double> first(v.size()), again(v.size());
    op->apply(v, first);
    op->apply(v, again);
    EXPECT_EQ(again, first) << "a cached primal";
    const Primal::Cache full = whole.cache();
    EXPECT_EQ(full.whole, full.batches);
    EXPECT_EQ(full.values, 0);
    EXPECT_GT(full.bytes, 0u);
    EXPECT_LE(full.bytes, full.wanted);

    for (const double share : {0.5, 0.0}) {
        Setting tight(GetParam(), 2);
        // What is in flight, and a share of what everything takes.
        tight.context.memory = Primal::in_flight(tight.network, 2) + static_cast<std::size_t>(share * static_cast<double>(full.wanted));
        const Primal part = tight.primal();
        const auto bounded = linop::find_curvature_kind("hessian").make(part);
        std::vector<double> product(v.size());
        for (int pass = 0; pass < 3; ++pass) {
            bounded->apply(v, product);
            EXPECT_EQ(product, first);
        }
        const Primal::Cache cache = part.cache();
        EXPECT_LT(cache.whole, cache.batches);
        EXPECT_LE(cache.bytes, static_cast<std::size_t>(share * static_cast<double>(full.wanted)));
        EXPECT_EQ(cache.bytes > 0, share > 0);
    }
}

TEST_P(Curvature, InputJacobianIsTheDifferenceOfTheOutputsRowByRow) {
    Setting s(GetParam(), 2);
    s.data.rows.indices.resize(777);
    const Primal base = s.primal();
    const linop::InputJacobianOperator jacobian(base);
    ASSERT_EQ(jacobian.cols(), 777 * SmallNetwork::in);
    ASSERT_EQ(jacobian.rows(), 777 * SmallNetwork::out);
    const std::vector<double> v = normals(jacobian.cols(), 41), u = normals(jacobian.rows(), 42);
    std::vector<double> image(jacobian.rows()), back(jacobian.cols()), expected;
    const double h = 1e-6;
    for (std::int64_t row = 0; row < 777; ++row) {
        std::vector<double> high(s.data.row(row), s.data.row(row) + SmallNetwork::in), low = high;
        for (std::size_t d = 0; d < SmallNetwork::in; ++d) {
            high[d] += h * v[static_cast<std::size_t>(row) * SmallNetwork::in + d];
            low[d] -= h * v[static_cast<std::size_t>(row) * SmallNetwork::in + d];
        }
        const auto up = SmallNetwork::logits(s.small.flat, high.data()), down = SmallNetwork::logits(s.small.flat, low.data());
        for (std::size_t k = 0; k < SmallNetwork::out; ++k) expected.push_back((up[k] - down[k]) / (2 * h));
    }
    jacobian.apply(v, image);
    EXPECT_LE(distance(image, expected), GetParam() == DType::float32 ? 10 * difference : difference);
    jacobian.apply_transpose(u, back);
    EXPECT_NEAR_RELATIVE(std::inner_product(u.begin(), u.end(), image.begin(), 0.0), std::inner_product(v.begin(), v.end(), back.begin(), 0.0), 100 * tolerance(GetParam()));
}

/// One layer, longer than what one thread folds at a time, and one micro-batch: more ranges than micro-batches.
TEST(Curvature, FewRowsAndALongVectorUseAllThreads) {
    constexpr std::size_t units = 12000, parameters = (SmallNetwork::in + 1) * units;
    SmallNetwork small;
    model::Model& model = small.model;
    model.architecture.reset();
    model::Architecture& a = model.architecture.emplace();
    const auto node = [](std::string name, std::string kind, Json attributes, std::vector<std::size_t> used = {}) {
        model::Node made;
        made.name = made.layer = std::move(name);
        made.kind = std::move(kind);
        made.attributes = std::move(attributes);
        made.parameters = std::move(used);
        return made;
    };
    const std::size_t x = a.add(node("x", "input", {{"shape", Shape{SmallNetwork::in}}, {"dtype", "float32"}}), {});
    const std::size_t logits = a.add(node("logits", "dense", {{"units", units}}, {0, 1}), {x});
    a.inputs = {x};
    a.outputs = {a.add(node("softmax", "activation", {{"function", "softmax"}}), {logits})};
    model.parameters.resize(2);
    model.weights.resize(2);
    const std::vector<double> w = normals(parameters, 44);
    const Shape shapes[] = {{SmallNetwork::in, units}, {units}};
    for (std::size_t j = 0, at = 0; j < 2; at += static_cast<std::size_t>(element_count(shapes[j])), ++j) {
        model.parameters[j].shape = shapes[j];
        model.weights[j] = {shapes[j], "float64", std::vector<double>(w.begin() + static_cast<std::ptrdiff_t>(at),
                                                                       w.begin() + static_cast<std::ptrdiff_t>(at) + element_count(shapes[j]))};
    }
    const Network network(model, {.precision = DType::float32});
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer packed = network.pack(*backend, model.weights);
    SmallData data(4);
    std::vector<std::vector<double>> products;
    for (const int threads : {1, 2, 4}) {
        Context context;
        context.threads = threads;
        const Primal primal(network, *backend, packed.view(), data.rows, {.loss = engine::find_loss("cross_entropy")}, context);
        ASSERT_EQ(primal.cache().batches, 1);
        products.emplace_back(parameters);
        linop::find_curvature_kind("hessian").make(primal)->apply(w, products.back());
        EXPECT_EQ(products.back(), products.front()) << threads << " threads";
    }
    EXPECT_GT(std::inner_product(w.begin(), w.end(), products.front().begin(), 0.0), 0.0);
}

TEST(Curvature, StopsBetweenMicroBatches) {
    Setting s(DType::float32);
    std::stop_source source;
    s.context.stop = source.get_token();
    source.request_stop();
    try {
        s.gradient();
        FAIL() << "did not stop";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted);
    }
}

TEST(Curvature, RefusesWhatDoesNotFit) {
    Setting s(DType::float32);
    EXPECT_THROW(linop::find_curvature_kind("hessain"), Error);
    const Primal base = s.primal();
    std::vector<double> result(3), v(3);
    EXPECT_THROW(linop::find_curvature_kind("hessian").make(base)->apply(v, result), Error);
    s.data.rows.indices.clear();
    EXPECT_THROW(s.primal(), Error);
}

TEST(Curvature, BlocksCoverTheTrainableParameters) {
    Setting s(DType::float32);
    const auto blocks = linop::parameter_blocks(s.small.model, s.network, false);
    ASSERT_EQ(blocks.size(), 4u);
    std::size_t next = 0;
    for (const linop::Block& block : blocks) {
        EXPECT_EQ(block.offset, next);
        next += block.size;
    }
    EXPECT_EQ(next, SmallNetwork::parameters);
}

}  // namespace

}  // namespace assay::test
