// What the driver and the runtime say of this machine, in sentences that tell what to do.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/check.hpp"
#include "libanalysis/engine/cuda/cudnn_library.hpp"
#include "libanalysis/engine/cuda/devices.hpp"
#include "libanalysis/engine/cuda/libraries.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#if !defined(ASSAY_CUDA_ARCHITECTURES)
#error "ASSAY_CUDA_ARCHITECTURES is the list that the device code is compiled for: link assay_cuda_toolkit"
#endif

namespace assay::engine::cuda {

namespace {

std::string words(cudaError_t error) { return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error); }

/// " (CUDA_VISIBLE_DEVICES is "1")" where it is set.
std::string visible() {
    const char* const devices = std::getenv("CUDA_VISIBLE_DEVICES");
    return devices ? " (CUDA_VISIBLE_DEVICES is \"" + std::string(devices) + "\")" : "";
}

int driver_number() {
    int number = 0;
    return cudaDriverGetVersion(&number) == cudaSuccess ? number : 0;
}

std::string no_devices(cudaError_t error) {
    const int driver = driver_number();
    if (error != cudaSuccess && error != cudaErrorNoDevice && error != cudaErrorInsufficientDriver) {
        return "The driver does not answer (" + words(error) + ")" + visible() + ".";
    }
    if (driver == 0) {
        return "No NVIDIA driver is loaded on this machine. Install the driver (nvidia-smi then lists the devices); in a container, start it "
               "with its GPUs.";
    }
    if (error != cudaErrorInsufficientDriver) return "The driver shows no device to this process" + visible() + ".";
    return "The driver is too old: it knows CUDA " + cuda_version(driver) + ", and Assay was built with CUDA " + cuda_version(CUDART_VERSION) +
           ". Install a newer driver, or build Assay with an older toolkit.";
}

/// Devices that the process sees; with 0, why.
int device_count(std::string& reason) {
    int count = 0;
    const cudaError_t result = cudaGetDeviceCount(&count);
    (void)cudaGetLastError();
    if (result != cudaSuccess) count = 0;
    if (count == 0) reason = no_devices(result);
    return count;
}

std::string uuid_text(const cudaUUID_t& uuid) {
    std::string text = "GPU";
    for (int i = 0; i < 16; ++i) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(uuid.bytes[i]));
        if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits;
    }
    return text;
}

std::string bus_text(const cudaDeviceProp& properties) {
    char text[32];
    std::snprintf(text, sizeof text, "%04x:%02x:%02x.0", static_cast<unsigned>(properties.pciDomainID),
                  static_cast<unsigned>(properties.pciBusID), static_cast<unsigned>(properties.pciDeviceID));
    return text;
}

/// Free bytes of a device; the thread's current device stays what it was. 0, and why, where the device lets nobody in.
std::size_t free_memory(int index, std::string& reason) {
    int before = 0;
    cudaError_t result = cudaGetDevice(&before);
    std::size_t free = 0, total = 0;
    if (result == cudaSuccess) result = cudaSetDevice(index);
    if (result == cudaSuccess) result = cudaMemGetInfo(&free, &total);
    if (result != cudaSuccess) {
        (void)cudaGetLastError();
        reason = "Device " + std::to_string(index) + " cannot be used (" + words(result) + ").";
        free = 0;
    }
    (void)cudaSetDevice(before);
    return free;
}

std::string cublas_version(const Cublas& library) {
    int number = 0;
    check(library.cublasGetVersion_v2(nullptr, &number), "cublasGetVersion");
    return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
}

std::string cusolver_version(const Cusolver& library) {
    int number = 0;
    check(library.cusolverGetVersion(&number), "cusolverGetVersion");
    return std::to_string(number / 1000) + "." + std::to_string(number / 100 % 10) + "." + std::to_string(number % 100);
}

/// ", cuDNN 9.19.0" where it is there.
std::string cudnn_words() {
    if (dnn::switched_off()) return "";
    try {
        return ", cuDNN " + dnn::version(dnn::library());
    } catch (const Error&) {
        return "";
    }
}

}  // namespace

std::string cuda_version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

Device find_device(int index) {
    std::string reason;
    const int count = device_count(reason);
    if (count == 0) throw Error(ErrorKind::unavailable, {"CUDA", "", reason});
    if (index < 0 || index >= count) {
        throw Error(ErrorKind::unavailable, {"CUDA", "a device from 0 to " + std::to_string(count - 1), std::to_string(index)});
    }
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
    Device device;
    device.index = index;
    device.name = properties.name;
    device.bus = bus_text(properties);
    device.uuid = uuid_text(properties.uuid);
    device.major = properties.major;
    device.minor = properties.minor;
    device.processors = properties.multiProcessorCount;
    device.memory = properties.totalGlobalMem;
    return device;
}

bool runs_on(std::string_view architectures, int major, int minor) {
    int last = 0;
    bool machine_code = false;
    for (std::size_t at = 0; at < architectures.size();) {
        int architecture = 0;
        const auto [end, error] = std::from_chars(architectures.data() + at, architectures.data() + architectures.size(), architecture);
        if (error != std::errc{}) {
            ++at;
            continue;
        }
        at = static_cast<std::size_t>(end - architectures.data());
        machine_code = machine_code || (architecture / 10 == major && architecture % 10 <= minor);
        last = std::max(last, architecture);
    }
    return machine_code || (last > 0 && last <= 10 * major + minor);
}

std::string unusable(const Device& device) {
    const std::string which = "Device " + std::to_string(device.index) + " (" + device.name + ")";
    if (!runs_on(ASSAY_CUDA_ARCHITECTURES, device.major, device.minor)) {
        return which + " has compute capability " + std::to_string(device.major) + "." + std::to_string(device.minor) +
               ", and Assay was built for " ASSAY_CUDA_ARCHITECTURES ". Build it with -DASSAY_CUDA_ARCHITECTURES=" +
               std::to_string(10 * device.major + device.minor) + ".";
    }
    int pools = 0;
    if (const cudaError_t result = cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, device.index); result != cudaSuccess) {
        (void)cudaGetLastError();
        return which + " cannot be used (" + words(result) + ").";
    }
    return pools ? "" : which + " has no memory pools in a stream's order, as some virtual GPUs have none; Assay needs them.";
}

Status status(const std::optional<std::vector<int>>& devices) {
    Status found;
    found.built = cuda_version(CUDART_VERSION);
    found.architectures = ASSAY_CUDA_ARCHITECTURES;
    if (const int driver = driver_number(); driver > 0) found.driver = cuda_version(driver);
    if (int runtime = 0; cudaRuntimeGetVersion(&runtime) == cudaSuccess) found.runtime = cuda_version(runtime);
    (void)cudaGetLastError();

    std::string blas_reason;
    try {
        found.cublas = cublas_version(cublas());
    } catch (const Error& error) {
        blas_reason = error.what();
    }
    try {
        found.cusolver = cusolver_version(cusolver());
    } catch (const Error&) {
        // Only dense eigenvalues need it; they say themselves what is missing.
    }

    std::string reason;
    const int count = device_count(reason);
    bool usable = false;
    for (int index = 0; index < count; ++index) {
        std::string why;
        try {
            Device device = find_device(index);
            why = unusable(device);
            const bool wanted = !devices || std::find(devices->begin(), devices->end(), index) != devices->end();
            if (why.empty() && wanted) device.free = free_memory(index, why);
            found.devices.push_back(std::move(device));
        } catch (const Error& error) {
            why = error.what();
        }
        usable = usable || why.empty();
        if (reason.empty()) reason = why;
    }
    found.reason = !usable ? reason : blas_reason;
    constexpr const char* instead = "; convolutions are products over unrolled windows.";
    try {
        if (dnn::switched_off()) found.cudnn_reason = std::string("ASSAY_CUDNN is off") + instead;
        else found.cudnn = dnn::version(dnn::library());
    } catch (const Error& error) {
        found.cudnn_reason = "It was not found (" + error.parts().found + ")" + instead;
    }
    return found;
}

Device device(int index) {
    Device found = find_device(index);
    std::string why = unusable(found);
    if (why.empty()) found.free = free_memory(index, why);
    if (!why.empty()) throw Error(ErrorKind::unavailable, {"CUDA", "", std::move(why)});
    return found;
}

std::string description(int index) {
    const Device device = find_device(index);
    int runtime = 0;
    check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
    return device.name + " (" + std::to_string(device.major) + "." + std::to_string(device.minor) + "), driver " + cuda_version(driver_number()) +
           ", runtime " + cuda_version(runtime) + ", cuBLAS " + cublas_version(cublas()) + cudnn_words();
}

}  // namespace assay::engine::cuda
