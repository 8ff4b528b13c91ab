// What a project that uses Assay's libraries looks like: a hash, a shape, the toolkit of CUDA, and a model file that is not there.
#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/core/shape.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"

#include <iostream>

int main(int, char** arguments) {
    const assay::Shape kernel{3, 3, 1, 16};
    std::cout << assay::hash_bytes("abc") << ' ' << assay::element_count(kernel) << " cuda " << assay::engine::cuda::status().built << ' ';
    try {
        std::cout << assay::formats::load_model(arguments[1]).path << '\n';
    } catch (const assay::Error& error) {
        std::cout << assay::to_string(error.kind()) << '\n';
    }
    return 0;
}
