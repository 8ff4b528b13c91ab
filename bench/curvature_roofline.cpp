// Where the time of a curvature product goes, primitive by primitive, beside what one thread of this machine can do at most:
//
//   curvature_roofline MODEL DATA ROWS [KIND]      a table of one product (KIND: hessian) on a cached primal
//   curvature_roofline --growth MODEL DATA         its time over rows, and over parameters of perceptrons made here
//
// One thread. Flops are those of matrix products and convolutions, so that every other primitive counts as time without work.

#include "bench/fma_peak.hpp"
#include "bench/networks.hpp"
#include "bench/timed_backend.hpp"
#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/curvature_operator.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>

namespace {

using namespace assay;

Context one_thread() {
    Context context;
    context.threads = 1;
    context.memory = std::size_t{16} << 30;
    return context;
}

data::Rows rows_of(const data::Dataset& dataset, std::int64_t count) { return {dataset.train, data::first_rows(*dataset.train, count), {}}; }

/// A network on the first rows of its data with everything that a product needs kept; the first product fills the cache.
class Product {
public:
    Product(const model::Model& model, data::Rows rows, engine::Backend& backend, std::string_view kind)
        : network_(model), parameters_(network_.pack(backend, model.weights)),
          primal_(network_, backend, parameters_.view(), std::move(rows), engine::objective_of(model, "cross_entropy", 0), one_thread()),
          operator_(linop::find_curvature_kind(kind).make(primal_)), x_(primal_.size()), y_(primal_.size()) {
        for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = static_cast<float>(Seed{1}.normal(i));
        for (int warm_up = 0; warm_up < 2; ++warm_up) run();
        const engine::Primal::Cache cache = primal_.cache();
        if (cache.whole < cache.batches) throw Error(ErrorKind::resource, {"the primal", "every micro-batch kept", std::to_string(cache.whole)});
    }
    void run() { operator_->apply(std::span<const float>(x_), std::span<float>(y_)); }
    /// Seconds of each of several products, about `budget` seconds in all.
    std::vector<double> times(double budget) {
        std::vector<double> seconds;
        double spent = 0;
        while (seconds.size() < 5 || spent < budget) {
            const auto start = std::chrono::steady_clock::now();
            run();
            seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            spent += seconds.back();
        }
        return seconds;
    }
    double median(double budget) {
        std::vector<double> seconds = times(budget);
        std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
        return seconds[seconds.size() / 2];
    }
    const engine::Network& network() const { return network_; }
    std::size_t parameters() const { return x_.size(); }

private:
    engine::Network network_;
    engine::Buffer parameters_;
    engine::Primal primal_;
    std::unique_ptr<linop::CurvatureOperator> operator_;
    std::vector<float> x_, y_;
};

void table(const model::Model& model, const data::Dataset& dataset, std::int64_t count, std::string_view kind) {
    const double peak = bench::measure_fma_peak();
    const auto plain_backend = engine::make_cpu_backend();
    const double plain = Product(model, rows_of(dataset, count), *plain_backend, kind).median(1);

    const auto ledger = std::make_shared<bench::Ledger>();
    bench::TimedBackend backend(engine::make_cpu_backend(), ledger);
    Product product(model, rows_of(dataset, count), backend, kind);
    ledger->clear();   // what filling the cache cost
    const std::vector<double> times = product.times(2);
    const auto products = static_cast<double>(times.size());
    double total = 0, inside = 0, flops = 0;
    for (double seconds : times) total += seconds / products;

    std::vector<std::pair<std::string, bench::Cost>> rows;
    for (const auto& [key, cost] : ledger->costs()) {
        rows.push_back({bench::Ledger::label(key), {cost.calls / products, cost.seconds / products, cost.flops / products, cost.bytes / products}});
        inside += rows.back().second.seconds, flops += rows.back().second.flops;
    }
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
    std::printf("%s, %lld rows, micro-batches of %lld, one thread: mean of %zu %s products. FMA peak %.1f GFLOP/s.\n\n", model.path.c_str(),
                static_cast<long long>(count), static_cast<long long>(product.network().micro_batch()), times.size(), std::string(kind).c_str(), peak * 1e-9);
    std::printf("| primitive | calls | ms | GFLOP/s | %% of peak | GB/s | %% of time |\n|---|---:|---:|---:|---:|---:|---:|\n");
    for (const auto& [label, cost] : rows) {
        std::printf("| %s | %.0f | %.4f |", label.c_str(), cost.calls, cost.seconds * 1e3);
        if (cost.flops > 0) std::printf(" %.1f | %.1f |", cost.flops / cost.seconds * 1e-9, cost.flops / cost.seconds / peak * 100);
        else std::printf(" | |");
        std::printf(" %.1f | %.1f |\n", cost.bytes / cost.seconds * 1e-9, cost.seconds / total * 100);
    }
    std::printf("| outside primitives | | %.4f | | | | %.1f |\n", (total - inside) * 1e3, (total - inside) / total * 100);
    std::printf("| total | | %.4f | %.1f | %.1f | | 100.0 |\n\n", total * 1e3, flops / total * 1e-9, flops / total / peak * 100);
    const double forward = 2 * product.network().forward_madds() * static_cast<double>(count);
    std::printf("Useful flops: %.2f times those of a forward pass. Without the timers a product takes %.4f ms (median), %.1f %% of the peak.\n",
                flops / forward, plain * 1e3, flops / plain / peak * 100);
}

model::Model perceptron(std::int64_t width) { return bench::make_perceptron(784, {width, width, 10}, "tanh"); }

/// Multiply-adds of a Hessian product for one row of perceptron(width): two forward units for the first layer, six for the others.
double arithmetic(std::int64_t width) { return static_cast<double>(2 * 784 * width + 6 * (width * width + 10 * width)); }

void line(const model::Model& model, data::Rows rows, double work, double& first) {
    const auto backend = engine::make_cpu_backend();
    const auto count = static_cast<double>(rows.count());
    Product product(model, std::move(rows), *backend, "hessian");
    const double seconds = product.median(1), each = seconds / count / (work > 0 ? work : 6 * product.network().forward_madds());
    if (first == 0) first = each;
    std::printf("| %s | %zu | %.0f | %.4f | %.3f | %.4f | %.2f |\n", model.path.c_str(), product.parameters(), count, seconds * 1e3,
                seconds / count * 1e6, each * 1e9, each / first);
}

void growth(const model::Model& model, const data::Dataset& dataset) {
    const char* head = "| network | parameters | rows | ms | us per row | ns per row and multiply-add | ratio to the first |\n|---|---:|---:|---:|---:|---:|---:|\n";
    std::printf("One cached Hessian product, one thread. Linear where the last column stays at 1.\n\n%s", head);
    double first = 0;
    for (std::int64_t count = 256; count <= std::min<std::int64_t>(4096, dataset.train->rows()); count *= 2) line(model, rows_of(dataset, count), 0, first);
    if (first == 0) std::printf("\nSKIPPED: growth over rows (%s has fewer than 256)\n", dataset.path.c_str());
    std::printf("\n%s", head);
    first = 0;
    for (std::int64_t count : {256, 512, 1024, 2048, 4096}) line(perceptron(128), bench::random_rows(perceptron(128), count), arithmetic(128), first);
    std::printf("\n%s", head);
    first = 0;
    for (std::int64_t width : {64, 128, 256, 512, 664}) line(perceptron(width), bench::random_rows(perceptron(width), 1024), arithmetic(width), first);   // 664: 18 times the parameters of 64
}

int run(int count, char** words) {
    const bool grow = count > 1 && std::string_view(words[1]) == "--growth";
    if (grow ? count != 4 : count != 4 && count != 5) {
        std::fprintf(stderr, "usage: curvature_roofline MODEL DATA ROWS [KIND]\n       curvature_roofline --growth MODEL DATA\n");
        return 64;
    }
    engine::make_thread_serial();
    const int at = grow ? 2 : 1;
    const model::Model model = formats::load_model(words[at], {});
    const data::Dataset dataset = formats::open_dataset(words[at + 1]);
    if (grow) growth(model, dataset);
    else table(model, dataset, std::stoll(words[3]), count > 4 ? words[4] : "hessian");
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run(count, words);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "curvature_roofline: %s\n", error.what());
        return 1;
    }
}
