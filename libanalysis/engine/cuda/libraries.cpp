// Finds cuBLAS, cuSOLVER and cuDNN at run time and fills their tables.

#include "libanalysis/engine/cuda/libraries.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/cudnn_library.hpp"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace assay::engine::cuda {

namespace {

/// "" is the loader's own search: LD_LIBRARY_PATH, then the system's folders.
std::vector<std::string> folders() {
    std::vector<std::string> found{""};
    for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
        if (const char* root = std::getenv(variable); root && *root) {
            found.push_back(std::string(root) + "/lib64/");
            found.push_back(std::string(root) + "/lib/");
        }
    }
    found.push_back("/usr/local/cuda/lib64/");
    return found;
}

/// Never closed: cuBLAS keeps state of the process.
void* open(const char* library, std::span<const char* const> names) {
    std::string tried, words;
    for (const std::string& folder : folders()) {
        for (const char* name : names) {
            const std::string path = folder + name;
            if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
            const char* said = dlerror();
            tried += (tried.empty() ? "" : ", ") + path;
            if (words.empty() && said) words = said;
        }
    }
    throw Error(ErrorKind::unavailable,
                {library, "one of " + tried, words,
                 "Install the CUDA toolkit's libraries, or let LD_LIBRARY_PATH or CUDA_HOME point to where they are."});
}

template <class Entry>
void find(void* handle, const char* library, const char* name, Entry& entry) {
    void* const found = dlsym(handle, name);
    if (!found) {
        throw Error(ErrorKind::unavailable, {library, std::string("the function ") + name, "none",
                                             "Assay needs the libraries of CUDA 12 or 13, and version 8 or 9 of cuDNN."});
    }
    entry = reinterpret_cast<Entry>(found);
}

// The libraries of the toolkit that this was built with come first; the functions are the same in both.
#if CUDART_VERSION >= 13000
constexpr const char* cublas_names[] = {"libcublas.so.13", "libcublas.so.12"};
constexpr const char* cusolver_names[] = {"libcusolver.so.12", "libcusolver.so.11"};   // of CUDA 13 and CUDA 12
#else
constexpr const char* cublas_names[] = {"libcublas.so.12", "libcublas.so.13"};
constexpr const char* cusolver_names[] = {"libcusolver.so.11", "libcusolver.so.12"};
#endif

constexpr const char* cudnn_names[] = {"libcudnn.so.9", "libcudnn.so.8"};

Cublas load_cublas() {
    Cublas table;
    void* const handle = open("cuBLAS", cublas_names);
#define ASSAY_FIND(name) find(handle, "cuBLAS", #name, table.name);
    ASSAY_CUBLAS(ASSAY_FIND)
#undef ASSAY_FIND
    return table;
}

Cusolver load_cusolver() {
    Cusolver table;
    void* const handle = open("cuSOLVER", cusolver_names);
#define ASSAY_FIND(name) find(handle, "cuSOLVER", #name, table.name);
    ASSAY_CUSOLVER(ASSAY_FIND)
#undef ASSAY_FIND
    return table;
}

dnn::Library load_cudnn() {
    dnn::Library table;
    void* const handle = open("cuDNN", cudnn_names);
#define ASSAY_FIND(name, result, arguments) find(handle, "cuDNN", #name, table.name);
    ASSAY_CUDNN(ASSAY_FIND)
#undef ASSAY_FIND
    return table;
}

}  // namespace

const Cublas& cublas() {
    static const Cublas table = load_cublas();
    return table;
}

const Cusolver& cusolver() {
    static const Cusolver table = load_cusolver();
    return table;
}

namespace dnn {

const Library& library() {
    static const Library table = load_cudnn();
    return table;
}

}  // namespace dnn

}  // namespace assay::engine::cuda
