#pragma once
// Many short copies of one length: moves of fixed size that overlap in the middle, so that no call and no loop is paid for each.

#include <cstddef>
#include <cstring>

namespace assay::engine::cpu {

/// visit(copy) with copy(from, to) for `count` values, chosen once for all the copies that visit makes. Ranges do not overlap.
template <class T, class Visit>
void with_short_copy(std::size_t count, Visit&& visit) {
    const auto twice = [&]<std::size_t part>() {   // part <= count <= 2 part
        visit([last = count - part](const T* from, T* to) {
            std::memcpy(to, from, part * sizeof(T));
            std::memcpy(to + last, from + last, part * sizeof(T));
        });
    };
    if (count >= 32 && count <= 64) return twice.template operator()<32>();
    if (count >= 16 && count < 32) return twice.template operator()<16>();
    if (count >= 8 && count < 16) return twice.template operator()<8>();
    if (count >= 4 && count < 8) return twice.template operator()<4>();
    if (count < 4) {
        return visit([count](const T* from, T* to) {
            for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
        });
    }
    visit([count](const T* from, T* to) { std::memcpy(to, from, count * sizeof(T)); });
}

}  // namespace assay::engine::cpu
