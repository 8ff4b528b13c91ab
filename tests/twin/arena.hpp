#pragma once
// The twin's device memory: pages that the host cannot touch unless they are opened, which the twin does while queued work runs.
// What is allocated lies between red zones, holds NaN until it is written, and is not given again soon after it was freed.

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace assay::test::twin {

/// Every byte of memory whose contents are undefined: NaN in either precision, -1 as an index.
inline constexpr int undefined_byte = 0xff;

/// Fresh memory of undefined contents at whole pages [start, start + span) that were reserved: it costs nothing until it is touched.
void map_undefined(std::byte* start, std::size_t span, int rights);
/// Address space that nobody can touch. @throws std::bad_alloc
std::byte* reserve(std::size_t bytes);

inline constexpr std::size_t page = 4096;
inline std::size_t rounded(std::size_t bytes, std::size_t granule) { return (bytes + granule - 1) / granule * granule; }

/// One stretch of address space in which blocks are placed.
class Zone {
public:
    Zone(std::byte* base, std::size_t size, std::size_t kept_apart);
    std::optional<std::size_t> take(std::size_t span);    ///< offset
    void give(std::size_t offset, std::size_t span);      ///< free again when `kept_apart` more bytes were given
    std::byte* base() const { return base_; }
    std::size_t used() const { return used_; }            ///< all that was ever taken lies below

private:
    std::byte* base_;
    std::size_t size_, kept_apart_, used_ = 0, apart_ = 0;
    std::map<std::size_t, std::size_t> free_;             ///< offset, span; neighbours are joined
    std::deque<std::pair<std::size_t, std::size_t>> recent_;
};

class Arena {
public:
    struct Block {
        std::byte* data = nullptr;   ///< aligned to 256 bytes, which CUDA promises, and to no more
        std::size_t bytes = 0, span = 0;
        bool large = false;
    };

    Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// Address space for `bytes`; memory of undefined contents lies behind it from begin() to end(), which need open pages.
    std::optional<Block> place(std::size_t bytes);
    void begin(const Block& block);
    /// What was written outside the block, as a sentence; "" if nothing was. With AddressSanitizer the write itself ends the process.
    std::string end(const Block& block);

    /// Device memory can be touched while one of these lives.
    class Open {
    public:
        explicit Open(Arena& arena) : arena_(arena) { arena_.protect(true); }
        ~Open() { arena_.protect(false); }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;

    private:
        Arena& arena_;
    };

private:
    static constexpr std::size_t red_zone = 256, large_from = std::size_t{256} << 10, zone_size = std::size_t{64} << 30;
    void protect(bool open);

    std::byte* base_;
    Zone small_, large_;
    int rights() const;
    int open_ = 0;
};

}  // namespace assay::test::twin
