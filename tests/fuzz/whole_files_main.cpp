// fuzz_whole_files <folder of model files> [files, 20000] [seed, 1] [folder to keep crashed files in]: damaged copies of the small HDF5 files
// and .keras archives of the folder through `assay zoo run`. Fails when a supervisor dies, a file has no row, or a row says "internal".

#include "tests/fuzz/whole_files.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

int main(int count, char** words) {
    namespace fs = std::filesystem;
    if (count < 2) {
        std::fprintf(stderr, "usage: fuzz_whole_files <folder> [files] [seed] [keep]\n");
        return 2;
    }
    assay::fuzz::WholeFileOptions options{.program = assay::test::program(), .corpus = {}, .files = count > 2 ? std::stoul(words[2]) : 20'000, .batch = 500,
                                          .seed = count > 3 ? std::stoull(words[3]) : 1, .timeout = 10, .keep = count > 4 ? words[4] : ""};
    for (const auto& entry : fs::recursive_directory_iterator(words[1])) {
        const std::string suffix = entry.path().extension().string();
        if (entry.is_regular_file() && entry.file_size() > 0 && entry.file_size() <= 65536 && (suffix == ".h5" || suffix == ".hdf5" || suffix == ".keras")) options.corpus.push_back(entry.path());
    }
    std::sort(options.corpus.begin(), options.corpus.end());
    if (options.corpus.empty()) {
        std::fprintf(stderr, "%s holds no HDF5 file or .keras archive of at most 64 KiB\n", words[1]);
        return 2;
    }
    std::printf("%zu files to damage\n", options.corpus.size());
    const assay::fuzz::WholeFileCounts counts = assay::fuzz::fuzz_whole_files(options);
    for (const auto& [outcome, rows] : counts.rows) std::printf("%8zu  %s\n", rows, outcome.c_str());
    std::printf("%8zu  files\n", counts.files);
    for (const std::string& complaint : counts.complaints) std::printf("FAILED: %s\n", complaint.c_str());
    return counts.complaints.empty() ? 0 : 1;
}
