#pragma once
// What --device and --tf32 say, how much of a device's memory a worker may hold, which devices a scheduler gave, and which one costs least:
// words and arithmetic, without touching a device.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::tools {

struct DeviceOption {
    enum class Kind { cpu, cuda, automatic };
    Kind kind = Kind::cpu;
    std::optional<int> index{};   ///< of "cuda:N"; "cuda" alone names none
};

/// "cpu", "cuda", "cuda:1" or "auto". @throws Error{usage} naming the choices.
DeviceOption parse_device(std::string_view text);

/// For one process: "cpu", "cuda:0" ("cuda" too), "auto".
std::string device_word(const DeviceOption& device);

/// The precision that values are stored under: "float32", "float64" ("double" too) or "tf32". Products whose factors are rounded to TF32
/// are another precision than float32, so that neither stands for the other.
/// @throws Error{usage} for another word, and for --tf32 where it would change nothing.
std::string precision_word(std::string_view precision, bool tf32, const DeviceOption& device);

/// Bytes that one of `workers` may hold on a device with `free` bytes: its share of four fifths, and no more than was asked for (0: as
/// much as there is). The rest is for the libraries, the pieces between allocations, and whoever else computes there.
std::size_t device_budget(std::size_t free, std::size_t asked, int workers);

/// Which of `visible` devices a Slurm job was given, as a value for CUDA_VISIBLE_DEVICES; nothing where that is set already, where Slurm
/// does not say, and where Slurm's numbers (SLURM_STEP_GPUS, else SLURM_JOB_GPUS: those of the whole machine) reach beyond the devices
/// that this process can see: then it sees its own alone. @throws Error{usage} for a list that is not understood.
std::optional<std::string> devices_of_slurm(const std::function<std::optional<std::string>(const char*)>& environment, int visible);

/// One micro-batch of `rows` takes `seconds` on each of `lanes` that run side by side.
struct DeviceCost {
    std::string device;           ///< "cpu", "cuda:0"
    double seconds = 0;
    std::int64_t rows = 1;
    int lanes = 1;
};

/// Seconds for one pass over `rows` rows: whole micro-batches, `lanes` at a time.
double pass_seconds(const DeviceCost& cost, std::int64_t rows);

/// Index of the cheapest; of equals the first.
std::size_t cheapest_device(std::span<const DeviceCost> costs, std::int64_t rows);

/// "cuda:0 (0.8 ms a micro-batch of 4096 rows, cpu 35 ms)": each device's time for as many rows, as its share of a whole pass.
std::string choice_in_words(std::span<const DeviceCost> costs, std::size_t chosen, std::int64_t rows);

}  // namespace assay::tools
