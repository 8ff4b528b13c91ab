// --device auto: times one micro-batch of the work that another task is about to do on the CPU and on each kind of CUDA device, and names
// the device on which all of it would cost least.
//
// Arguments: those of that task, its name in "task", and for a zoo "models" (how many), "cpu_workers" and "cuda_workers" (that run side by
// side). Result: {"device": "cpu", "words": "cpu (no CUDA device: ...)", "timed": false}.

#include "formats/format.hpp"
#include "libanalysis/curvature/sample.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/primal.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/measures/subject.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/device.hpp"
#include "tools/table.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace assay::tools::tasks {
namespace {

Json not_timed(std::string words) { return {{"device", "cpu"}, {"words", "cpu (" + std::move(words) + ")"}, {"timed", false}}; }

/// The rows that the task would pass over, and how often it would be asked to.
struct Work {
    std::shared_ptr<const model::Model> model;
    data::Rows rows;
    bool derivatives = true;
    std::int64_t count = 0;   ///< of rows, over all models
};

Work work_of(const Json& arguments) {
    Work work;
    work.model = open_model(arguments);
    if (!work.model || !work.model->architecture) throw Error(ErrorKind::unsupported, {"", "", "no network to time"});
    const std::string task = text_argument(arguments, "task"), data = text_argument(arguments, "data");
    if (data.empty()) throw Error(ErrorKind::missing, {"", "", "no data to time it on; what needs the weights alone is computed on the CPU"});
    work.derivatives = task != "forward" && task != "inspect";
    std::shared_ptr<const data::Split> split;
    if (task == "forward") {
        std::vector<std::string> names;
        for (const std::size_t vertex : work.model->architecture->inputs) names.push_back(work.model->architecture->graph[vertex].name);
        split = formats::open_inputs(data, names);
    } else {
        const data::Dataset dataset = formats::open_dataset(data);   // streamed: a few rows are read
        const bool test = text_argument(arguments, "split") == "test" || task == "inspect" || !dataset.train;
        split = test && dataset.test ? dataset.test : dataset.train;
    }
    if (!split || split->rows() == 0) throw Error(ErrorKind::missing, {"", "", "no rows to time it on"});
    const data::Preprocessing preprocessing = preprocessing_for(arguments, *work.model);
    work.rows = select_rows(split, preprocessing, arguments.value("train_rows", Json()), 0, {}).rows;
    work.count = work.rows.count();
    if (const auto samples = arguments.value("samples", std::int64_t{0}); samples > 0) work.count = std::min(work.count, samples);
    work.count *= arguments.value("models", std::int64_t{1});
    return work;
}

/// Seconds of one call: the first, which makes primitives and plans, is not timed; of the others the fastest.
template <class F>
double fastest(const Context& context, F&& call) {
    using Clock = std::chrono::steady_clock;
    call();
    double best = 0;
    const auto begun = Clock::now();
    for (int i = 0; i < 5 && (i == 0 || Clock::now() - begun < std::chrono::milliseconds(300)); ++i) {
        context.check_stop();
        const auto start = Clock::now();
        call();
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        best = i == 0 ? seconds : std::min(best, seconds);
    }
    return best;
}

/// One micro-batch on one lane of the device that `arguments` names; sets work.count where the task itself would choose its rows.
DeviceCost cost_on(const std::string& device, Json arguments, Work& work, const Context& given, int lanes) {
    arguments["device"] = device;
    const auto backend = worker_backend(arguments);
    Context context = given;
    context.threads = 1;
    context.memory = 0;   // nothing is kept from one call to the next
    context.on_progress = {};
    measures::Subject subject(work.model, {.loss = text_argument(arguments, "loss"), .precision = precision_argument(arguments)}, context);
    subject.set_backend(backend);
    subject.set_rows("train", work.rows);
    const engine::Network& network = subject.network();
    if (text_argument(arguments, "task") == "hessian" && arguments.value("samples", std::int64_t{0}) == 0)
        work.count = curvature::default_sample(work.rows.count(), network.forward_madds()).rows;
    data::Rows few = work.rows;
    few.indices.resize(static_cast<std::size_t>(std::min(few.count(), network.micro_batch())));
    const auto cost = [&](double seconds) { return DeviceCost{device, seconds, few.count(), lanes}; };
    const engine::ConstView parameters = subject.parameters("final");
    if (!work.derivatives) return cost(fastest(context, [&] { engine::outputs_over(network, *backend, parameters, few, context); }));
    const engine::Primal primal(network, *backend, parameters, few, engine::objective_of(*work.model, text_argument(arguments, "loss")), context);
    return cost(fastest(context, [&] { primal.loss_gradient(); }));
}

/// One device of each name, the one with most free memory.
std::vector<engine::cuda::Device> kinds_of(std::vector<engine::cuda::Device> devices) {
    std::stable_sort(devices.begin(), devices.end(), [](const auto& a, const auto& b) { return a.free > b.free; });
    std::vector<engine::cuda::Device> kinds;
    for (engine::cuda::Device& device : devices)
        if (std::none_of(kinds.begin(), kinds.end(), [&](const auto& known) { return known.name == device.name; })) kinds.push_back(std::move(device));
    return kinds;
}

Json run(const Json& arguments, const Context& given, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    const engine::cuda::Status status = engine::cuda::status();
    if (!status.reason.empty()) return not_timed("no CUDA device: " + without_period(status.reason));
    std::vector<DeviceCost> costs;
    std::string refused;
    Work work;
    try {
        work = work_of(arguments);
        costs.push_back(cost_on("cpu", arguments, work, given, given.threads * arguments.value("cpu_workers", 1)));
    } catch (const Error& error) {
        if (is_circumstance(error)) throw;
        // What is wrong with it, if anything, is for the task to say.
        return not_timed("nothing was timed: " + without_period(error.what()));
    }
    for (const engine::cuda::Device& device : kinds_of(status.devices)) {
        const std::string name = fmt::format("cuda:{}", device.index);
        try {
            costs.push_back(cost_on(name, arguments, work, given, arguments.value("cuda_workers", 1)));
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::interrupted) throw;
            refused += fmt::format("; {}: {}", name, without_period(error.what()));
        }
    }
    const std::size_t best = cheapest_device(costs, work.count);
    return {{"device", costs[best].device}, {"words", choice_in_words(costs, best, work.count) + refused}, {"timed", true}};
}

}  // namespace

extern const zoo::Task choose_device{"choose_device", run};

}  // namespace assay::tools::tasks
