#include "tools/device.hpp"

#include "libanalysis/core/error.hpp"
#include "tools/quantities.hpp"
#include "tools/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace assay::tools {
namespace {

/// All of `text` as a number from 0.
std::optional<int> number_in(std::string_view text) {
    int value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::string duration(double seconds) { return seconds < 1 ? significant(1000 * seconds, 2) + " ms" : seconds_in_words(seconds); }

/// "0,2", "0-3,6": Slurm's lists of device numbers.
std::vector<int> numbers_of_slurm(const char* name, const std::string& text) {
    std::vector<int> numbers;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const std::string_view part = std::string_view(text).substr(start, end - start);
        const std::size_t dash = part.find('-');
        const auto first = number_in(part.substr(0, dash)), last = dash == std::string_view::npos ? first : number_in(part.substr(dash + 1));
        constexpr int most = 1024;   // far more than a machine has
        if (!first || !last || *last < *first || *last >= most)
            throw Error(ErrorKind::usage, {name, "device numbers such as 0,2 or 0-3", "\"" + text + "\"", "Set CUDA_VISIBLE_DEVICES"});
        for (int number = *first; number <= *last; ++number) numbers.push_back(number);
        start = end + 1;
    }
    return numbers;
}

}  // namespace

DeviceOption parse_device(std::string_view text) {
    using Kind = DeviceOption::Kind;
    if (text == "cpu") return {Kind::cpu, {}};
    if (text == "auto") return {Kind::automatic, {}};
    if (text == "cuda") return {Kind::cuda, {}};
    if (text.starts_with("cuda:"))
        if (const auto index = number_in(text.substr(5))) return {Kind::cuda, index};
    throw Error(ErrorKind::usage, {"--device", "cpu, cuda, cuda:N (the N-th device, from 0) or auto", "\"" + std::string(text) + "\"", "`assay devices` lists what there is"});
}

std::string device_word(const DeviceOption& device) {
    switch (device.kind) {
        case DeviceOption::Kind::cpu: return "cpu";
        case DeviceOption::Kind::automatic: return "auto";
        case DeviceOption::Kind::cuda: return fmt::format("cuda:{}", device.index.value_or(0));
    }
    throw Error(ErrorKind::internal, {"device", "a kind", "another"});
}

std::string precision_word(std::string_view precision, bool tf32, const DeviceOption& device) {
    const bool twice = precision == "float64" || precision == "double";
    if (!twice && precision != "float32") throw Error(ErrorKind::usage, {"--precision", "float32 or float64", std::string(precision)});
    if (!tf32) return twice ? "float64" : "float32";
    if (device.kind != DeviceOption::Kind::cuda)
        throw Error(ErrorKind::usage, {"--tf32", "--device cuda", "--device " + device_word(device), "Only CUDA devices have TF32: name one, since auto may choose the CPU, which computes in full float32"});
    if (twice) throw Error(ErrorKind::usage, {"--tf32", "--precision float32", "--precision " + std::string(precision), "TF32 rounds the factors of float32 products"});
    return "tf32";
}

std::size_t device_budget(std::size_t free, std::size_t asked, int workers) {
    const std::size_t share = free / 5 * 4 / static_cast<std::size_t>(std::max(workers, 1));
    return asked > 0 ? std::min(asked, share) : share;
}

std::optional<std::string> devices_of_slurm(const std::function<std::optional<std::string>(const char*)>& environment, int visible) {
    if (environment("CUDA_VISIBLE_DEVICES")) return std::nullopt;
    for (const char* name : {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS"}) {
        const auto text = environment(name);
        if (!text || text->empty()) continue;
        const std::vector<int> numbers = numbers_of_slurm(name, *text);
        if (std::any_of(numbers.begin(), numbers.end(), [&](int number) { return number >= visible; })) return std::nullopt;
        return fmt::format("{}", fmt::join(numbers, ","));
    }
    return std::nullopt;
}

double pass_seconds(const DeviceCost& cost, std::int64_t rows) {
    const std::int64_t batches = (rows + cost.rows - 1) / cost.rows, lanes = std::max(cost.lanes, 1);
    return static_cast<double>((batches + lanes - 1) / lanes) * cost.seconds;
}

std::size_t cheapest_device(std::span<const DeviceCost> costs, std::int64_t rows) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < costs.size(); ++i)
        if (pass_seconds(costs[i], rows) < pass_seconds(costs[best], rows)) best = i;
    return best;
}

std::string choice_in_words(std::span<const DeviceCost> costs, std::size_t chosen, std::int64_t rows) {
    const std::int64_t batch = std::min(costs[chosen].rows, rows);
    const auto time = [&](const DeviceCost& cost) { return duration(pass_seconds(cost, rows) * static_cast<double>(batch) / static_cast<double>(rows)); };
    std::string text = fmt::format("{} ({} a micro-batch of {} rows", costs[chosen].device, time(costs[chosen]), batch);
    for (std::size_t i = 0; i < costs.size(); ++i)
        if (i != chosen) text += fmt::format(", {} {}", costs[i].device, time(costs[i]));
    return text + ")";
}

}  // namespace assay::tools
