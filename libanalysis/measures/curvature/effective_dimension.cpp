// How many directions the data determine.

#include "libanalysis/measures/curvature/effective_dimension.hpp"

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/measures/ingredients/curvature_eigenvalues.hpp"
#include "libanalysis/measures/ingredients/curvature_trace.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

/// Q A Q with Q = I - V V': unlike A - V L V', its error is of second order in that of the vectors.
class ComplementOperator final : public linop::LinearOperator {
public:
    ComplementOperator(const linop::LinearOperator& a, const std::vector<spectral::Eigenpair>& pairs) : a_(a), pairs_(pairs) {}
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return true; }
    bool single_precision() const override { return a_.single_precision(); }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override {
        std::vector<double> inside(x.begin(), x.end());
        project(inside);
        a_.apply(inside, y);
        project(y);
    }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

private:
    void project(std::span<double> x) const {
        for (const spectral::Eigenpair& pair : pairs_) {
            double dot = 0;
            for (std::size_t i = 0; i < x.size(); ++i) dot += pair.vector[i] * x[i];
            for (std::size_t i = 0; i < x.size(); ++i) x[i] -= dot * pair.vector[i];
        }
    }
    const linop::LinearOperator& a_;
    const std::vector<spectral::Eigenpair>& pairs_;
};

double share(double eigenvalue, double z) { return std::max(eigenvalue, 0.0) / (std::max(eigenvalue, 0.0) + z); }   // rounding may make zeros negative

std::vector<Value> compute(Subject& subject, const Parameters& parameters) {
    const double z = positive(parameters, "z");
    const engine::Primal& primal = ingredients::unregularised_primal(subject);
    const auto gauss_newton = linop::find_curvature_kind("ggn").make(primal);
    Value value;
    if (primal.size() <= ingredients::few_parameters) {
        spectral::EigenOptions options;
        options.largest = primal.size();
        options.vectors = options.verify = false;
        double sum = 0;
        for (const spectral::Eigenpair& pair : spectral::spectra(*gauss_newton, options).largest) sum += share(pair.value, z);
        value = whole(sum);
    } else {
        const auto& top = subject.get<ingredients::CurvatureEigenvalues>({"ggn"}).largest;
        const spectral::Estimate found = effective_dimension_of(*gauss_newton, top, z, 5, 20, subject.context());
        value = whole(found.value);
        value.standard_error = found.standard_error;
    }
    value.objective = ingredients::objective_words(subject, primal);
    return {value};
}

}  // namespace

spectral::Estimate effective_dimension_of(const linop::LinearOperator& a, const std::vector<spectral::Eigenpair>& top, double z, std::size_t probes,
                                          std::size_t steps, const Context& context) {
    double outside = 0;
    for (const spectral::Eigenpair& pair : top) outside += share(pair.value, z);
    const ComplementOperator rest(a, top);
    spectral::SpectrumOptions options;
    options.probes = 1;
    options.steps = std::min(steps, a.rows());
    options.memory = context.memory / 4;
    options.threads = context.threads;
    options.poll = [&context] { context.check_stop(); };
    std::vector<double> sums;
    std::size_t products = 0;
    for (std::size_t probe = 0; probe < probes; ++probe) {
        options.seed = context.seed.child("effective_dimension").child(probe);
        const spectral::Spectrum found = spectral::spectrum(rest, {}, options);
        double sum = 0;
        for (std::size_t i = 0; i < found.density.nodes.size(); ++i) sum += found.density.weights[i] * share(found.density.nodes[i], z);
        sums.push_back(outside + sum * static_cast<double>(a.rows()));
        products += found.products;
    }
    const auto n = static_cast<double>(probes);
    double mean = 0, squares = 0;
    for (const double sum : sums) mean += sum / n;
    for (const double sum : sums) squares += (sum - mean) * (sum - mean);
    return {mean, std::sqrt(squares / (n - 1) / n), "quadrature beside the largest eigenvalues", products};
}

extern const Measure effective_dimension{
    .name = "effective_dimension",
    .formula = R"(\sum_i \lambda_i(G) / (\lambda_i(G) + z))",
    .source = "maddox2020rethinking",
    .needs = Need::weights | Need::architecture | Need::train_data | Need::train_labels,
    .direction = Direction::larger_gap,
    .parameters = "z=0.01|1",
    .ingredients = "curvature_eigenvalues,training_primal",
    .cost = "some 140 products",
    .doc = "MacKay's number of well-determined parameters, with the Gauss-Newton matrix of the mean training loss (no regulariser), whose eigenvalues are not "
           "negative. z is in units of the mean loss: a prior precision a on the summed loss is z = a / m. The largest eigenvalues enter as they are, the "
           "rest by stochastic Lanczos quadrature (5 probes of 20 steps) with its standard error; exact for networks of up to 64 parameters.",
    .compute = compute,
};

}  // namespace assay::measures
