// How fast checkpoints are read: a file of 80 MiB of weights and one of 64 KiB, out of the disk cache, beside read(2) of the same bytes.

#include "formats/format.hpp"
#include "formats/hdf5_writing.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace assay;

/// A state dict of twenty square matrices, as people dump it with h5py; removed at the end.
class StateDict {
public:
    explicit StateDict(std::int64_t bytes) : path_(fs::temp_directory_path() / ("assay-reading-" + std::to_string(::getpid()) + ".h5")) {
        const std::int64_t matrices = 20, columns = 64, rows = std::max<std::int64_t>(1, bytes / (matrices * columns * 4));
        std::vector<float> values(static_cast<std::size_t>(rows * columns));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 977) * 1e-3f;
        formats::hdf5::write_whole(path_, [&](const formats::hdf5::FileHandle& file) {
            for (std::int64_t m = 0; m < matrices; ++m)
                formats::hdf5::write_dataset(file, path_, "layer" + std::to_string(m) + ".weight", {rows, columns}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data());
        });
    }
    StateDict(const StateDict&) = delete;
    StateDict& operator=(const StateDict&) = delete;
    ~StateDict() {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
    const fs::path& path() const { return path_; }
    std::int64_t bytes() const { return static_cast<std::int64_t>(fs::file_size(path_)); }

private:
    fs::path path_;
};

void load_model(benchmark::State& state) {
    const StateDict file(state.range(0));
    for (auto _ : state) benchmark::DoNotOptimize(formats::load_model(file.path()));
    state.SetBytesProcessed(state.iterations() * file.bytes());
}

/// Into fresh memory, as a reader has to: what the bytes cost at least.
void read_disk_cache(benchmark::State& state) {
    const StateDict file(state.range(0));
    for (auto _ : state) {
        const int descriptor = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
        const auto bytes = static_cast<std::size_t>(file.bytes());
        const std::unique_ptr<char[]> buffer(new char[bytes]);
        for (std::size_t got = 0; got < bytes;) {
            const ssize_t count = ::read(descriptor, buffer.get() + got, bytes - got);
            if (count <= 0) {
                state.SkipWithError("read(2) failed");
                break;
            }
            got += static_cast<std::size_t>(count);
        }
        ::close(descriptor);
        benchmark::DoNotOptimize(buffer.get());
    }
    state.SetBytesProcessed(state.iterations() * file.bytes());
}

}  // namespace

BENCHMARK(load_model)->Arg(80 << 20)->Arg(64 << 10)->Unit(benchmark::kMillisecond);
BENCHMARK(read_disk_cache)->Arg(80 << 20)->Arg(64 << 10)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
