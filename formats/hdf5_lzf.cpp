#include "formats/hdf5_lzf.hpp"

#include <lzf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace assay::formats::hdf5 {
namespace {

constexpr std::size_t largest_chunk = std::size_t{1} << 30;   // bytes
constexpr std::size_t size_of_chunk = 2;                      // place in the filter's settings; h5py wrote it from its version 1.2 on

// One chunk in place; 0 is an error to libhdf5. Memory is the library's, so it is malloc's.
std::size_t decode(unsigned flags, std::size_t count, const unsigned* settings, std::size_t bytes, std::size_t* allocated, void** buffer) {
    if (!(flags & H5Z_FLAG_REVERSE) || bytes == 0 || bytes > largest_chunk) return 0;
    std::size_t room = count > size_of_chunk && settings[size_of_chunk] > 0 ? settings[size_of_chunk] : std::max<std::size_t>(4 * bytes, 4096);
    for (; room <= largest_chunk; room *= 2) {
        void* decoded = std::malloc(room);
        if (!decoded) return 0;
        errno = 0;
        const unsigned length = lzf_decompress(*buffer, static_cast<unsigned>(bytes), decoded, static_cast<unsigned>(room));
        if (length > 0) {
            std::free(*buffer);
            *buffer = decoded;
            *allocated = room;
            return length;
        }
        std::free(decoded);
        if (errno != E2BIG) return 0;
    }
    return 0;
}

}  // namespace

void register_lzf() {
    static const H5Z_class2_t filter{.version = H5Z_CLASS_T_VERS, .id = lzf_filter, .encoder_present = 1, .decoder_present = 1, .name = "lzf",
                                     .can_apply = nullptr, .set_local = nullptr, .filter = decode};
    H5Zregister(&filter);
}

}  // namespace assay::formats::hdf5
