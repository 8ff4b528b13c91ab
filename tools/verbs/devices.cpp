#include "tools/device_list.hpp"
#include "tools/interrupt.hpp"
#include "tools/parse.hpp"
#include "tools/quantities.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

std::string text_of(const Json& json, const char* key) { return printable(json.at(key).get<std::string>()); }

void print_cuda(const Json& cuda) {
    if (!text_of(cuda, "built").empty()) {
        std::string line = fmt::format("built with CUDA {} for the architectures {}; found:", text_of(cuda, "built"), text_of(cuda, "architectures"));
        for (const auto& [key, name] : {std::pair{"driver", "driver"}, {"runtime", "runtime"}, {"cublas", "cuBLAS"}, {"cusolver", "cuSOLVER"}, {"cudnn", "cuDNN"}})
            line += fmt::format("{} {} {}", line.ends_with(':') ? "" : ",", name, text_of(cuda, key).empty() ? "none" : text_of(cuda, key));
        fmt::print("cuda    {}", wrapped(line, std::string(8, ' ')).substr(8));
    }
    for (const Json& device : cuda.at("devices"))
        fmt::print("{}  {}", text_of(device, "device"),
                   wrapped(fmt::format("{}, compute capability {}, {} multiprocessors, {} of memory, {} free; {}, {}", text_of(device, "name"), text_of(device, "compute_capability"),
                                       device.at("processors").get<int>(), bytes_in_words(device.at("memory").get<std::size_t>()),
                                       bytes_in_words(device.at("free").get<std::size_t>()), text_of(device, "bus"), text_of(device, "uuid")),
                           std::string(8, ' ')).substr(8));
    if (!cuda.at("visible").is_null()) fmt::print("        CUDA_VISIBLE_DEVICES is \"{}\"\n", text_of(cuda, "visible"));
    if (!cuda.at("usable").get<bool>()) fmt::print("\n{}", wrapped("--device cuda cannot be used: " + text_of(cuda, "reason")));
    else if (!text_of(cuda, "cudnn_reason").empty()) fmt::print("\n{}", wrapped("cuDNN is not used: " + text_of(cuda, "cudnn_reason")));
}

int run(const std::vector<std::string>& words) {
    po::options_description description("Options");
    description.add_options()("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay devices [--json]",
                               "Lists what --device can name on this machine: the CPU, and each CUDA device that this process may see (CUDA_VISIBLE_DEVICES, Slurm). Says "
                               "what CUDA lacks where it cannot be used.",
                               {"assay devices", "assay devices --json"}, {}}, description, words);
    if (!values) return 0;
    const Interrupt interrupt;
    Json found = list_devices(interrupt.token());
    if ((*values)["json"].as<bool>()) {
        print_json(std::move(found));
        return 0;
    }
    const Json& cpu = found.at("cpu");
    fmt::print("cpu     {} processors, {}, {} of memory\n", cpu.at("processors").get<int>(), text_of(cpu, "instruction_set"), bytes_in_words(cpu.at("memory").get<std::size_t>()));
    print_cuda(found.at("cuda"));
    return 0;
}

}  // namespace

extern const Verb devices{.name = "devices", .summary = "what --device can name on this machine, and why CUDA cannot be used", .run = run};

}  // namespace assay::tools::verbs
