// Times curvature products of a checkpoint on the first rows of its data, on a cached primal, beside the gradient of the same rows:
//
//   curvature_products MODEL DATA ROWS THREADS [SECONDS [KIND [DEVICE]]]
//   curvature_products NETWORK random ROWS THREADS [SECONDS [KIND [DEVICE]]]     a network of networks.hpp on random rows
//   curvature_products - peak 0 THREADS [SECONDS [- [DEVICE]]]                   rates of a large product and of axpy: the limits
//
// KIND: one of the operators, gradient, trace or top10; all: each of them, and so without it. DEVICE: cpu, cuda:0; vectors stay there. Prints one line of JSON. Each time is the median of calls for about SECONDS (2); "gradient" runs forward and backward anew.

#include "bench/networks.hpp"
#include "bench/timed_backend.hpp"
#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

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

struct Place {
    std::unique_ptr<engine::Backend> backend;
    int index = -1;   // of a CUDA device
    std::size_t memory = std::size_t{16} << 30;
};

Place place_of(const std::string& word) {
    if (word == "cpu") return {engine::make_cpu_backend()};
    if (!word.starts_with("cuda:")) throw Error(ErrorKind::usage, {"device", "cpu or cuda:N", word});
    Place place{nullptr, std::stoi(word.substr(5))};
    place.backend = engine::cuda::make_cuda_backend({.device = place.index});
    for (const engine::cuda::Device& device : engine::cuda::status().devices)
        if (device.index == place.index) place.memory = device.free / 5 * 4;
    return place;
}

/// What the device does at most: a product of 4096 x 4096 matrices, and y += a x on 256 MiB. Of random numbers: zeros switch no
/// transistors, and let a device run faster than any work does.
Json limits(engine::Backend& backend, double budget) {
    constexpr std::int64_t n = 4096;
    constexpr std::size_t size = std::size_t{1} << 26;
    std::vector<float> numbers(n * n);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(Seed{1}.normal(i));
    engine::Buffer a = backend.allocate(engine::DType::float32, n * n), c = backend.zeros(engine::DType::float32, n * n);
    engine::Buffer x = backend.allocate(engine::DType::float32, size), y = backend.zeros(engine::DType::float32, size);
    backend.upload(numbers.data(), a.view());
    for (std::size_t at = 0; at < size; at += a.size()) backend.copy(a.const_view(), x.view().slice(at, a.size()));
    const double product = median_seconds(budget, [&] {
        backend.gemm(false, false, n, n, n, 1, a.const_view(), n, a.const_view(), n, 0, c.view(), n);
        backend.synchronize();
    });
    const double axpy = median_seconds(budget, [&] {
        backend.axpy(0.5, x.const_view(), y.view());
        backend.synchronize();
    });
    return {{"gflops", 2e-9 * static_cast<double>(n * n * n) / product}, {"gbytes", 1e-9 * 3 * sizeof(float) * static_cast<double>(size) / axpy}};
}

/// Forward units (multiply-adds of a forward pass) that a quantity needs at least on a cached primal; the first layer's savings apart.
double units(std::string_view kind) {
    if (kind == "gradient") return 3;
    if (kind == "hessian") return 6;
    return kind == "ggn" ? 4 : kind == "ef" ? 2 : 0;
}

int run(int count, char** words) {
    if (count < 5) {
        std::fprintf(stderr, "usage: curvature_products MODEL DATA ROWS THREADS [SECONDS [KIND [DEVICE]]]\n");
        return 64;
    }
    const double budget = count > 5 ? std::stod(words[5]) : 2;
    const std::string only = count > 6 && std::string_view(words[6]) != "all" ? words[6] : "", where = count > 7 ? words[7] : "cpu";
    const Place place = place_of(where);
    engine::Backend& backend = *place.backend;
    if (std::string_view(words[2]) == "peak") {
        std::printf("%s\n", limits(backend, budget).dump().c_str());
        return 0;
    }
    const bool random = std::string_view(words[2]) == "random";
    const model::Model model = random ? bench::make_network(words[1]) : formats::load_model(words[1], {});
    const data::Rows rows = random ? bench::random_rows(model, std::stoll(words[3])) : first_rows_of(words[2], std::stoll(words[3]));
    const engine::Network network(model, {.micro_batches = backend.micro_batches()});
    const engine::Buffer parameters = network.pack(backend, model.weights);
    Context context;
    context.threads = std::stoi(words[4]);
    context.memory = place.memory;
    const engine::Objective objective = engine::objective_of(model, "cross_entropy", 0);
    const engine::DType type = network.options().precision;

    Json result{{"model", words[1]}, {"rows", rows.count()}, {"threads", context.threads}, {"parameters", network.layout().trainable_count},
                {"micro_batch", network.micro_batch()}, {"madds", network.forward_madds()}, {"device", backend.device()}};
    if (!only.empty()) result["flops"] = 2 * units(only) * network.forward_madds() * static_cast<double>(rows.count());
    if (only.empty() || only == "gradient") {
        Context bare = context;
        bare.memory = engine::Primal::in_flight(network, context.threads);   // no cache: every gradient from scratch
        const engine::Primal primal(network, backend, parameters.view(), rows, objective, bare);
        engine::Buffer gradient;
        result["gradient"] = median_seconds(budget, [&] {
            primal.sum(engine::Primal::Part::values, [&](const engine::Primal::Item& item, engine::View vector) {
                const engine::Buffer seed = item.head.gradient(item.lane);
                network.transpose(item.lane, item.tape, engine::seeds_of(network, seed), vector);
                return 0.0;
            }, gradient, type);
            backend.synchronize();
        });
        result["peak_gradient"] = peak_bytes();
        if (place.index >= 0) result["device_peak_gradient"] = engine::cuda::peak_bytes(place.index);
    }
    const engine::Primal primal(network, backend, parameters.view(), rows, objective, context);
    engine::Buffer v, y;
    if (only != "gradient") {
        std::vector<double> direction(network.layout().trainable_count);
        for (std::size_t i = 0; i < direction.size(); ++i) direction[i] = Seed{1}.normal(i);
        v = backend.from_host(direction, type);
    }
    for (const linop::CurvatureKind* kind : linop::curvature_kinds()) {
        if (!only.empty() && only != kind->name) continue;
        const auto op = kind->make(primal);
        std::vector<float> host_x(v.size(), 0.5f), host_y(v.size());
        y = backend.allocate(type, v.size());
        const auto product = [&] {
            if (!op->device()) return op->apply(std::span<const float>(host_x), std::span<float>(host_y));
            op->apply_on_device(v.view(), y.view());
            backend.synchronize();
        };
        if (!op->device()) backend.download(v.view(), host_x.data());
        product();
        result[std::string(kind->name)] = median_seconds(budget, product);
    }
    if (only.empty() || only == "trace") {
        engine::TraceResult trace;
        result["trace"] = median_seconds(budget, [&] { trace = engine::gauss_newton_trace(primal); });
        result["trace_value"] = trace.trace;
    }
    if (only.empty() || only == "top10") {
        // From nothing: the cache is filled by the first product, and every pair is verified.
        const auto start = std::chrono::steady_clock::now();
        const engine::Primal fresh(network, backend, parameters.view(), rows, objective, context);
        const spectral::Eigenvalues found =
            spectral::lanczos(*linop::find_curvature_kind("hessian").make(fresh), {.largest = 10, .seed = Seed{1}, .threads = context.threads});
        result["top10"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result["top10_products"] = found.products;
        result["converged"] = found.converged;
        result["top10_overhead"] = found.overhead_seconds / (found.product_seconds + found.overhead_seconds);
        for (const spectral::Eigenpair& pair : found.largest) result["top10_values"].push_back(pair.value);
        if (!only.empty()) result["flops"] = 2 * units("hessian") * network.forward_madds() * static_cast<double>(rows.count()) * static_cast<double>(found.products);
    }
    const engine::Primal::Cache cache = primal.cache();
    result["cache"] = {{"batches", cache.batches}, {"cached", cache.whole}, {"bytes", cache.bytes}};
    result["peak"] = peak_bytes();
    if (place.index >= 0) result["device_peak"] = engine::cuda::peak_bytes(place.index);
    if (only == "trace" && 2 * cache.bytes < context.memory / 2) {   // after the peak was read: another cache is filled
        const auto ledger = std::make_shared<bench::Ledger>();
        bench::TimedBackend counting(backend.lane(), ledger);
        const engine::Primal counted(network, counting, parameters.view(), rows, objective, context);
        for (int i = 0; i < 2; ++i) {   // the second time on the cache
            ledger->clear();
            (void)engine::gauss_newton_trace(counted);
        }
        double flops = 0, bytes = 0;
        for (const auto& [key, cost] : ledger->costs()) flops += cost.flops, bytes += cost.bytes;
        result["flops"] = flops;
        result["bytes"] = bytes;
    }
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
