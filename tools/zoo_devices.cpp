#include "tools/zoo_devices.hpp"

#include "libanalysis/core/context.hpp"
#include "libanalysis/zoo/model_key.hpp"
#include "tools/device_list.hpp"
#include "tools/quantities.hpp"
#include "tools/table.hpp"

#include <fmt/format.h>

namespace assay::tools {
namespace {

/// The devices that were asked for, of those that a worker found.
ZooDevices take(const DeviceOption& device, const Json& cuda) {
    ZooDevices taken{.kind = "cuda"};
    for (const char* key : {"driver", "runtime", "cublas", "cusolver", "cudnn"}) taken.libraries[key] = cuda.at(key);
    for (const Json& found : cuda.at("devices")) {
        const std::size_t free = found.at("free").get<std::size_t>();
        // Nothing is free where a device lets nobody in; asked for by its number, its worker says why.
        if (device.index ? found.at("index") != *device.index : free == 0) continue;
        taken.least_free = taken.words.empty() ? free : std::min(taken.least_free, free);
        taken.words.push_back(found.at("device").get<std::string>());
        taken.descriptions.push_back(fmt::format("{} ({}), {}, {} free", found.at("name").get<std::string>(), found.at("compute_capability").get<std::string>(),
                                                 bytes_in_words(found.at("memory").get<std::size_t>()), bytes_in_words(free)));
    }
    return taken;
}

/// What the task would be asked for a model, without measures.
Json arguments_for(const zoo::Manifest& manifest, const zoo::Entry& entry, const zoo::RunOptions& options) {
    zoo::PlannedModel model{};
    std::string problem;   // of the training rows: the model's own row will say it
    model.file = manifest.folder / entry.path;
    model.architecture = zoo::architecture_of(manifest.folder, entry, options);
    model.train_rows = zoo::train_rows_of(options.train_rows, entry, problem);
    return zoo::task_arguments(model, options);
}

/// {"device", "words"} for the zoo: by the first of its models that can be timed.
Json choose(const zoo::Manifest& manifest, const zoo::RunOptions& options, int cuda_workers, std::stop_token stop) {
    constexpr int most_tried = 5;
    Json choice{{"device", "cpu"}, {"words", "cpu (no model to time)"}};
    int tried = 0;
    for (const zoo::Entry& entry : manifest.models) {
        if (!entry.problem.empty()) continue;
        if (tried++ == most_tried) break;
        Json arguments = arguments_for(manifest, entry, options);
        arguments.update({{"task", "measure_model"}, {"models", manifest.models.size()}, {"cpu_workers", std::max(1, usable_processors() / options.threads)},
                          {"cuda_workers", cuda_workers}});
        try {
            choice = zoo::run_in_worker("choose_device", arguments, {.timeout_s = options.timeout_s, .threads = options.threads, .budget = usable_memory() / 2}, {}, stop);
        } catch (const Error& error) {   // a file that ends a worker has its own row later
            if (error.kind() == ErrorKind::interrupted) throw;
            choice["words"] = fmt::format("cpu (nothing was timed: {})", error.what());
            continue;
        }
        if (choice.value("timed", false)) break;
    }
    return choice;
}

}  // namespace

ZooDevices find_zoo_devices(const DeviceOption& device, int workers_per_gpu, const zoo::Manifest& manifest, const zoo::RunOptions& options, std::stop_token stop) {
    if (device.kind == DeviceOption::Kind::cpu) return {};
    const Json found = list_devices(stop, device.index);
    const Json& cuda = found.at("cuda");
    const std::string reason = cuda.at("reason").get<std::string>();
    const bool automatic = device.kind == DeviceOption::Kind::automatic;
    if (!reason.empty()) {
        if (automatic) return {.choice = "cpu (no CUDA device: " + without_period(reason) + ")"};
        throw Error(ErrorKind::unavailable, {"--device cuda", "", without_period(reason), "`assay devices` tells more; --device cpu needs no device"});
    }
    ZooDevices taken = take(device, cuda);
    if (taken.words.empty())
        throw Error(ErrorKind::unavailable, {"--device " + device_word(device), fmt::format("a device from 0 to {}", cuda.at("devices").size() - 1), fmt::format("{}", device.index.value_or(0)),
                                             "`assay devices` lists them"});
    if (!automatic) return taken;
    const Json choice = choose(manifest, options, static_cast<int>(taken.words.size()) * workers_per_gpu, stop);
    if (choice.at("device") == "cpu") taken = {};
    taken.choice = choice.at("words").get<std::string>();
    return taken;
}

}  // namespace assay::tools
