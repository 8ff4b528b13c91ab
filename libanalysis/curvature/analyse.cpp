#include "libanalysis/curvature/analyse.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/curvature/counted.hpp"
#include "libanalysis/curvature/sample.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/linop/submatrix_operator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace assay::curvature {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Solvers hold about three vectors for each wanted pair and some more; a quarter of the memory at most, the cache has the rest.
std::size_t basis_bytes(const engine::Network& network, const Options& options, std::size_t memory) {
    const std::size_t vectors = 3 * (options.largest + options.smallest) + std::max<std::size_t>(40, options.density ? options.steps : 0);
    return std::min(memory / 4, vectors * sizeof(double) * network.layout().trainable_count);
}

/// Why trace and block traces of this kind are exact sums over outputs, or why not.
struct Exactness { bool exact = false; std::string reason; };

Exactness exactness(const Options& options, const engine::Network& network) {
    const std::string refusal = engine::gauss_newton_trace_refusal(network);
    if (options.kind == "hessian" && refusal.empty()) return {true, "piecewise linear: the Hessian's trace is the Gauss-Newton matrix's, a sum over outputs"};
    if ((options.kind == "ggn" || options.kind == "fisher") && refusal.empty()) return {true, "a sum over outputs"};
    if (options.kind == "hessian" || options.kind == "ggn" || options.kind == "fisher") return {false, "estimated: " + refusal};
    return {false, "estimated: there is no exact sum for this operator"};
}

}  // namespace

bool has_regulariser(std::string_view kind) { return kind == "hessian" || kind == "ggn"; }

namespace {

class Analysis {
public:
    Analysis(const Problem& problem, const Options& options, const Context& context)
        : problem_(problem), options_(options), context_(context), kind_(linop::find_curvature_kind(options.kind)),
          exact_(exactness(options, problem.network)), basis_(basis_bytes(problem.network, options, context.memory)) {
        if (options.solver != "lanczos" && options.solver != "spectra")
            throw Error(ErrorKind::usage, {"solver", "lanczos or spectra", options.solver});
        // A network whose every parameter is frozen has no curvature to speak of.
        if (problem.network.layout().trainable_count == 0)
            throw Error(ErrorKind::unsupported, {problem.model.path, "trainable parameters", "none"});
        if (options.largest > problem.network.layout().trainable_count)
            throw Error(ErrorKind::usage, {"eigenvalues", "at most " + std::to_string(problem.network.layout().trainable_count) + ", as many as trainable parameters",
                                           std::to_string(options.largest)});
    }

    Result run() {
        const auto start = Clock::now();
        {
            const engine::Primal primal = primal_of(problem_.rows, context_.memory - basis_, has_regulariser(options_.kind));
            const auto curvature = kind_.make(primal);
            const Counted a(*curvature);
            result_.eigenvalues = eigenvalues(a, options_.largest, options_.smallest, options_.tolerance, options_.vectors || options_.halves, {}, "eigenvalues");
            if (options_.trace || options_.by_layer) exact_trace(primal);
            if (options_.density) density(a);
            if (options_.trace) trace(a);
            if (options_.by_layer) layers(a);
            const engine::KinkProximity kinks = engine::kink_proximity(primal, options_.kink_delta);
            if (kinks.total > 0) result_.kinks = kinks;
            result_.cache = primal.cache();
            result_.products = a.products();
            result_.first_product_seconds = a.first_seconds();
            result_.product_seconds = a.mean_seconds();
        }
        gradient();
        if (options_.halves && problem_.rows.count() >= 2) halves();
        if (!options_.vectors)
            for (auto* end : {&result_.eigenvalues.largest, &result_.eigenvalues.smallest})
                for (spectral::Eigenpair& pair : *end) pair.vector.clear();
        result_.basis_bytes = basis_;
        result_.total_seconds = seconds_since(start);
        return std::move(result_);
    }

private:
    engine::Primal primal_of(data::Rows rows, std::size_t memory, bool regularised) const {
        Context context = context_;
        context.memory = memory;
        engine::Objective objective = problem_.objective;
        if (!regularised) objective.l2.clear();
        return {problem_.network, problem_.backend, problem_.parameters, std::move(rows), std::move(objective), context};
    }

    void say(std::string_view stage, std::size_t products, std::size_t of) const {
        if (options_.progress) options_.progress({.stage = stage, .products = products, .of = of});
    }
    std::function<void()> poll() const { return [this] { context_.check_stop(); }; }
    std::function<void(std::size_t, std::size_t)> count_of(std::string_view stage) const {
        return [this, stage](std::size_t products, std::size_t of) { say(stage, products, of); };
    }

    spectral::Eigenvalues eigenvalues(const linop::LinearOperator& a, std::size_t largest, std::size_t smallest, double tolerance, bool vectors,
                                      std::span<const double> start, const std::string& stage) const {
        // Both ends of a small operator must not ask for more than there is.
        const std::size_t n = a.rows();
        largest = std::min(largest, n);
        smallest = std::min(smallest, n - largest);
        spectral::EigenOptions eigen;
        eigen.largest = largest;
        eigen.smallest = smallest;
        eigen.tolerance = tolerance;
        eigen.memory = basis_;
        eigen.seed = context_.seed.child("lanczos");
        eigen.start = start;
        eigen.vectors = vectors;
        eigen.probe = options_.probe;
        eigen.threads = context_.threads;
        eigen.poll = poll();
        eigen.progress = [&](const spectral::LanczosStep& step) {
            if (options_.progress)
                options_.progress({.stage = stage, .products = step.products, .of = 0, .values = step.values, .residuals = step.residuals});
        };
        return options_.solver == "spectra" ? spectral::spectra(a, eigen) : spectral::lanczos(a, eigen);
    }

    void exact_trace(const engine::Primal& primal) {
        if (!exact_.exact) return;
        say("trace", 0, 0);
        sum_ = engine::gauss_newton_trace(primal);
    }

    spectral::Estimate exact_estimate() const { return {.value = sum_->trace, .standard_error = 0, .method = "exact", .products = 0}; }

    spectral::TraceOptions trace_options(std::string_view stage) const {
        return {.products = options_.trace_products, .seed = context_.seed.child("trace"), .memory = basis_, .threads = context_.threads, .poll = poll(),
                .progress = count_of(stage)};
    }

    void trace(const linop::LinearOperator& a) {
        result_.trace = Trace{sum_ ? exact_estimate() : spectral::xtrace(a, trace_options("trace")), exact_.reason};
    }

    spectral::Spectrum spectrum(const linop::LinearOperator& a, std::size_t probes, std::size_t steps, std::string_view stage) const {
        const auto blocks = linop::parameter_blocks(problem_.model, problem_.network, true);
        return spectral::spectrum(a, blocks, {.probes = probes, .steps = std::min(steps, a.rows()), .seed = context_.seed.child("density"), .memory = basis_,
                                              .threads = context_.threads, .poll = poll(), .progress = count_of(stage)});
    }

    void density(const linop::LinearOperator& a) { result_.spectrum = spectrum(a, options_.probes, options_.steps, "density"); }

    void layers(const linop::LinearOperator& a) {
        const auto blocks = linop::parameter_blocks(problem_.model, problem_.network, true);
        const auto probed = sum_ ? std::vector<spectral::Estimate>() : spectrum(a, options_.block_probes, 1, "layers").block_traces;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            Layer layer{.block = blocks[i], .trace = sum_ ? exact_block(blocks[i]) : probed.at(i), .largest = {}};
            if (options_.layer_eigenvalues) {
                const linop::SubmatrixOperator block(a, {blocks[i]});
                layer.largest = eigenvalues(block, 1, 0, options_.tolerance, false, {}, "layer " + blocks[i].name).largest.front();
            }
            result_.layers.push_back(std::move(layer));
        }
    }

    spectral::Estimate exact_block(const linop::Block& block) const {
        spectral::Estimate trace{.value = 0, .standard_error = 0, .method = "exact", .products = 0};
        for (const auto& entry : problem_.network.layout().entries)
            if (entry.trainable && entry.offset >= block.offset && entry.offset < block.offset + block.size) trace.value += sum_->by_parameter.at(entry.parameter);
        return trace;
    }

    /// Nothing is kept, so that it costs what a gradient costs: one forward and one backward pass, on as many threads as a product.
    /// The second one is timed: the first also measures a micro-batch, to plan its cache.
    void gradient() {
        say("gradient", 0, 0);
        const std::size_t flight = engine::Primal::in_flight(problem_.network, context_.threads);
        const engine::Primal primal = primal_of(problem_.rows, std::min(context_.memory, flight), true);
        primal.loss_gradient();
        const auto start = Clock::now();
        const engine::Primal::Mean mean = primal.loss_gradient();
        result_.gradient_seconds = seconds_since(start);
        result_.loss = mean.value;
        double squares = 0;
        for (const double g : mean.vector) squares += g * g;
        result_.gradient_norm = std::sqrt(squares);
    }

    /// The largest eigenvalue, and the trace where it was asked for, on two disjoint halves. The vector of the whole sample is a good start.
    void halves() {
        const auto [first, second] = halves_of(problem_.rows, context_.seed.child("halves"));
        for (const data::Rows* rows : {&first, &second}) {
            const engine::Primal primal = primal_of(*rows, context_.memory - basis_, has_regulariser(options_.kind));
            const auto a = kind_.make(primal);
            Half half{.rows = rows->count(), .largest = {}, .trace = {}};
            const std::span<const double> start = result_.eigenvalues.largest.empty() ? std::span<const double>{} : result_.eigenvalues.largest.front().vector;
            const spectral::Eigenvalues found = eigenvalues(*a, 1, 0, std::max(options_.tolerance, 1e-3), false, start, "halves");
            half.largest = found.largest.front();
            if (options_.trace && exact_.exact)
                half.trace = spectral::Estimate{.value = engine::gauss_newton_trace(primal).trace, .standard_error = 0, .method = "exact", .products = 0};
            else if (options_.trace)
                half.trace = spectral::xtrace(*a, trace_options("halves"));
            result_.halves.push_back(std::move(half));
        }
    }

    const Problem& problem_;
    const Options& options_;
    const Context& context_;
    const linop::CurvatureKind& kind_;
    const Exactness exact_;
    const std::size_t basis_;
    std::optional<engine::TraceResult> sum_;
    Result result_;
};

}  // namespace

Result analyse(const Problem& problem, const Options& options, const Context& context) { return Analysis(problem, options, context).run(); }

}  // namespace assay::curvature
