// Times curvature products of a checkpoint on the first rows of its data, on a cached primal, beside the gradient of the same rows:
//
//   curvature_products MODEL DATA ROWS THREADS [SECONDS [KIND]]
//   curvature_products NETWORK random ROWS THREADS [SECONDS [KIND]]     a network of networks.hpp on random rows
//
// KIND: one of the operators, trace or top10; without it the gradient and all of them. Prints one line of JSON. Each time is the median of calls for about SECONDS (2); "gradient" runs forward and backward anew.

#include "bench/networks.hpp"
#include "formats/format.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

namespace {

using namespace assay;

template <class Body>
double median_seconds(double budget, Body&& body) {
    std::vector<double> times;
    const auto begin = std::chrono::steady_clock::now();
    double spent = 0;
    do {
        const auto start = std::chrono::steady_clock::now();
        body();
        const auto end = std::chrono::steady_clock::now();
        times.push_back(std::chrono::duration<double>(end - start).count());
        spent = std::chrono::duration<double>(end - begin).count();
    } while (times.size() < 5 || spent < budget);
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return times[times.size() / 2];
}

std::size_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

data::Rows first_rows_of(const std::string& path, std::int64_t count) {
    const data::Dataset dataset = formats::open_dataset(path);
    return {dataset.train, data::first_rows(*dataset.train, count), {}};
}

int run(int count, char** words) {
    if (count < 5) {
        std::fprintf(stderr, "usage: curvature_products MODEL DATA ROWS THREADS [SECONDS [KIND]]\n");
        return 64;
    }
    const bool random = std::string_view(words[2]) == "random";
    const model::Model model = random ? bench::make_network(words[1]) : formats::load_model(words[1], {});
    const double budget = count > 5 ? std::stod(words[5]) : 2;
    const data::Rows rows = random ? bench::random_rows(model, std::stoll(words[3])) : first_rows_of(words[2], std::stoll(words[3]));
    const engine::Network network(model);
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, model.weights);
    Context context;
    context.threads = std::stoi(words[4]);
    context.memory = std::size_t{16} << 30;
    const engine::Objective objective = engine::objective_of(model, "cross_entropy", 0);

    Json result{{"model", words[1]}, {"rows", rows.count()}, {"threads", context.threads}, {"parameters", network.layout().trainable_count},
                {"micro_batch", network.micro_batch()}, {"madds", network.forward_madds()}};
    const std::string only = count > 6 ? words[6] : "";
    if (only.empty() || only == "gradient") {
        Context bare = context;
        bare.memory = engine::Primal::in_flight(network, context.threads);   // no cache: every gradient from scratch
        const engine::Primal primal(network, *backend, parameters.view(), rows, objective, bare);
        result["gradient"] = median_seconds(budget, [&] { primal.loss_gradient(); });
        result["peak_gradient"] = peak_bytes();
    }
    const engine::Primal primal(network, *backend, parameters.view(), rows, objective, context);
    std::vector<float> v(network.layout().trainable_count), y(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(Seed{1}.normal(i));
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        if (!only.empty() && only != kind->name) continue;
        const auto op = kind->make(primal);
        op->apply(std::span<const float>(v), std::span<float>(y));
        result[std::string(kind->name)] = median_seconds(budget, [&] { op->apply(std::span<const float>(v), std::span<float>(y)); });
    }
    if (only.empty() || only == "trace") {
        engine::TraceResult trace;
        result["trace"] = median_seconds(budget, [&] { trace = engine::gauss_newton_trace(primal); });
        result["trace_value"] = trace.trace;
    }
    if (only.empty() || only == "top10") {
        // From nothing: the cache is filled by the first product, and every pair is verified.
        const auto start = std::chrono::steady_clock::now();
        const engine::Primal fresh(network, *backend, parameters.view(), rows, objective, context);
        const spectral::Eigenvalues found =
            spectral::lanczos(*linop::find_curvature_kind("hessian").make(fresh), {.largest = 10, .seed = Seed{1}, .threads = context.threads});
        result["top10"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result["top10_products"] = found.products;
        result["converged"] = found.converged;
        result["top10_overhead"] = found.overhead_seconds / (found.product_seconds + found.overhead_seconds);
        for (const spectral::Eigenpair& pair : found.largest) result["top10_values"].push_back(pair.value);
    }
    const engine::Primal::Cache cache = primal.cache();
    result["cache"] = {{"batches", cache.batches}, {"cached", cache.whole}, {"bytes", cache.bytes}};
    result["peak"] = peak_bytes();
    std::printf("%s\n", result.dump().c_str());
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run(count, words);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "curvature_products: %s\n", error.what());
        return 1;
    }
}
