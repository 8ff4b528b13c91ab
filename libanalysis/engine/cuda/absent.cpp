// CUDA in a program that was built without it: everything is there, and says what is missing.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"

namespace assay::engine::cuda {

namespace {

[[noreturn]] void refuse() {
    throw Error(ErrorKind::unavailable, {"CUDA", "a program built with CUDA", "one built without",
                                         "Install a CUDA toolkit (12 or 13) and build Assay again with -DASSAY_CUDA=ON, or compute on the CPU."});
}

}  // namespace

Status status(const std::optional<std::vector<int>>&) {
    Status found;
    found.reason = "Assay was built without CUDA. Install a CUDA toolkit (12 or 13) and build it again with -DASSAY_CUDA=ON.";
    found.cudnn_reason = found.reason;
    return found;
}

Device device(int) { refuse(); }

std::unique_ptr<Backend> make_cuda_backend(const Options&) { refuse(); }

std::string description(int) { refuse(); }

std::size_t peak_bytes(int) { return 0; }

std::vector<std::string> notes(int) { return {}; }

}  // namespace assay::engine::cuda
