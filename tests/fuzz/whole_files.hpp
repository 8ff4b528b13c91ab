#pragma once
// Whole files under fire: damaged copies of real files go through `assay zoo run`, worker processes, libhdf5 and all.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace assay::fuzz {

/// Damage as disks, networks and attackers do it: bits flipped, bytes set, chunks swapped, copied or cut out, ends cut off, words that may
/// be lengths, counts or addresses set to extremes, often right behind the marks of HDF5's and zip's structures.
std::string damage_file(std::string bytes, std::uint64_t seed);

struct WholeFileCounts {
    std::size_t files = 0;
    std::map<std::string, std::size_t> rows;    ///< by status, failed ones by kind: "ok", "not_a_model", "failed: crash", ...
    std::vector<std::string> complaints;        ///< a supervisor that died, a file without a row, an error of kind internal
};

struct WholeFileOptions {
    std::filesystem::path program;              ///< assay
    std::vector<std::filesystem::path> corpus;  ///< files to damage
    std::size_t files = 100, batch = 500;       ///< in all; at once on the disk
    std::uint64_t seed = 1;
    double timeout = 10;                        ///< seconds a file
    std::filesystem::path keep;                 ///< where files that ended in a crash, a timeout or a complaint go; empty: nowhere
};

WholeFileCounts fuzz_whole_files(const WholeFileOptions& options);

}  // namespace assay::fuzz
