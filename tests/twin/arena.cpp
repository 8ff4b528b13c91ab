#include "tests/twin/arena.hpp"

#include "tests/twin/sanitizer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <vector>

namespace assay::test::twin {

namespace {

constexpr std::size_t undefined_file = std::size_t{16} << 20;
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::byte red{0xfb};

std::byte* aligned(std::byte* address, std::size_t granule) {
    return address + (granule - reinterpret_cast<std::uintptr_t>(address) % granule) % granule;
}

/// A file in memory, all of undefined_byte.
int open_undefined_file() {
    const int file = memfd_create("undefined memory", MFD_CLOEXEC);
    const std::vector<unsigned char> contents(undefined_file, static_cast<unsigned char>(undefined_byte));
    if (file < 0 || pwrite(file, contents.data(), contents.size(), 0) != static_cast<ssize_t>(contents.size())) {
        throw std::runtime_error("the twin has no memory for its device's memory");
    }
    return file;
}

}  // namespace

std::byte* reserve(std::size_t bytes) {
    void* const space = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) throw std::bad_alloc();
    return static_cast<std::byte*>(space);
}

void map_undefined(std::byte* start, std::size_t span, int rights) {
    static const int file = open_undefined_file();
    for (std::size_t done = 0; done < span; done += undefined_file) {
        const std::size_t part = std::min(span - done, undefined_file);
        if (mmap(start + done, part, rights, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file, 0) == MAP_FAILED) throw std::bad_alloc();
    }
}

Zone::Zone(std::byte* base, std::size_t size, std::size_t kept_apart) : base_(base), size_(size), kept_apart_(kept_apart) {}

std::optional<std::size_t> Zone::take(std::size_t span) {
    for (auto hole = free_.begin(); hole != free_.end(); ++hole) {
        const auto [offset, size] = *hole;
        if (size < span) continue;
        free_.erase(hole);
        if (size > span) free_.emplace(offset + span, size - span);
        return offset;
    }
    if (size_ - used_ < span) return std::nullopt;
    used_ += span;
    return used_ - span;
}

void Zone::give(std::size_t offset, std::size_t span) {
    recent_.emplace_back(offset, span);
    apart_ += span;
    while (apart_ > kept_apart_) {
        auto [start, size] = recent_.front();
        recent_.pop_front();
        apart_ -= size;
        auto after = free_.lower_bound(start);
        if (after != free_.end() && after->first == start + size) {
            size += after->second;
            after = free_.erase(after);
        }
        if (after != free_.begin()) {
            const auto before = std::prev(after);
            if (before->first + before->second == start) {
                before->second += size;
                continue;
            }
        }
        free_.emplace(start, size);
    }
}

Arena::Arena()
    : base_(reserve(2 * zone_size + huge_page)), small_(aligned(base_, huge_page), zone_size, std::size_t{1} << 20),
      large_(small_.base() + zone_size, zone_size, std::size_t{256} << 20) {
    // Opening and closing takes time for every page: small blocks lie in few large ones where the system has those.
    (void)madvise(small_.base(), zone_size, MADV_HUGEPAGE);
}

std::optional<Arena::Block> Arena::place(std::size_t bytes) {
    if (bytes > zone_size / 2) return std::nullopt;
    Block block;
    block.bytes = bytes;
    block.large = bytes >= large_from;
    block.span = rounded(bytes + 2 * red_zone, block.large ? page : 2 * red_zone);
    Zone& zone = block.large ? large_ : small_;
    const std::optional<std::size_t> offset = zone.take(block.span);
    if (!offset) return std::nullopt;
    block.data = zone.base() + *offset + red_zone;
    // Pages that were never used are closed, even if the others are open now.
    if (open_ > 0) protect(true);
    return block;
}

void Arena::begin(const Block& block) {
    std::byte* const start = block.data - red_zone;
    if (block.large) map_undefined(start, block.span, rights());
    permit(start, block.span);
    std::byte* const behind = block.data + block.bytes;
    const auto rear = static_cast<std::size_t>(start + block.span - behind);
    if (!block.large) std::memset(block.data, undefined_byte, block.bytes);
    std::memset(start, static_cast<int>(red), red_zone);
    std::memset(behind, static_cast<int>(red), rear);
    forbid(start, red_zone);
    forbid(behind, rear);
}

std::string Arena::end(const Block& block) {
    std::byte* const start = block.data - red_zone;
    std::byte* const behind = block.data + block.bytes;
    permit(start, block.span);
    const auto written = [](const std::byte* first, const std::byte* last) { return std::any_of(first, last, [](std::byte value) { return value != red; }); };
    std::string found;
    if (written(start, block.data)) found = "written before";
    else if (written(behind, start + block.span)) found = "written behind";
    if (!found.empty()) found += " memory of " + std::to_string(block.bytes) + " bytes on the device";
    if (block.large) map_undefined(start, block.span, rights());
    else std::memset(start, undefined_byte, block.span);
    forbid(start, block.span);
    Zone& zone = block.large ? large_ : small_;
    zone.give(static_cast<std::size_t>(start - zone.base()), block.span);
    return found;
}

void Arena::protect(bool open) {
    open_ += open ? 1 : -1;
    for (const Zone* zone : {&small_, &large_}) {
        if (zone->used() == 0) continue;
        if (mprotect(zone->base(), rounded(zone->used(), zone == &small_ ? huge_page : page), rights()) != 0) throw std::bad_alloc();
    }
}

int Arena::rights() const { return open_ > 0 ? PROT_READ | PROT_WRITE : PROT_NONE; }

}  // namespace assay::test::twin
