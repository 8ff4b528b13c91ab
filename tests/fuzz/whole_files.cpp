#include "tests/fuzz/whole_files.hpp"

#include "libanalysis/core/json.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <sstream>

namespace assay::fuzz {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937_64;

void set_word(std::string& bytes, std::size_t at, Random& random) {
    const std::uint64_t size = bytes.size();
    const std::array<std::uint64_t, 14> extremes{0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, std::uint64_t{1} << 40, ~std::uint64_t{0}, size, size - 1, size + 1, random() % size};
    const std::uint64_t value = extremes[random() % extremes.size()];
    const std::size_t width = std::array<std::size_t, 4>{1, 2, 4, 8}[random() % 4];
    std::memcpy(bytes.data() + at, &value, std::min(width, bytes.size() - at));
}

// A place right behind one of the marks of a structure, or anywhere.
std::size_t place_in_structure(const std::string& bytes, Random& random) {
    static constexpr std::array<std::string_view, 16> marks{"\x89HDF", "TREE", "SNOD", "HEAP", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN", "GCOL", "FADB", "PK\x03\x04", "PK\x01\x02"};
    const std::size_t start = random() % bytes.size();
    for (int attempt = 0; attempt < 4; ++attempt) {
        std::size_t found = bytes.find(marks[random() % marks.size()], start);
        if (found == std::string::npos) found = bytes.find(marks[random() % marks.size()]);
        if (found != std::string::npos) return std::min(found + random() % 96, bytes.size() - 1);
    }
    return start;
}

}  // namespace

std::string damage_file(std::string bytes, std::uint64_t seed) {
    Random random(seed);
    for (std::uint64_t times = 1 + random() % 3; times > 0 && !bytes.empty(); --times) {
        const std::size_t size = bytes.size();
        // Structures lie at the beginning of most small files; the rest is weights.
        const std::size_t at = random() % 3 == 0 ? random() % size : random() % std::min<std::size_t>(size, 4096);
        const std::size_t length = std::min<std::size_t>(1 + random() % 512, size - at), other = random() % size;
        switch (random() % 20) {
            case 0: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8); break;
            case 1: bytes[at] = static_cast<char>(random()); break;
            case 2: bytes.resize(random() % size); break;
            case 3: std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + std::min(length, size - std::max(at, other))),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(other)); break;
            case 4: std::memmove(bytes.data() + other, bytes.data() + at, std::min(length, size - other)); break;
            case 5: bytes.erase(at, length); break;
            case 6: case 7: case 8: set_word(bytes, at / 4 * 4, random); break;
            case 9: case 10: case 11: set_word(bytes, place_in_structure(bytes, random), random); break;
            default: {   // a character of a name or of JSON, which keeps the file readable
                const std::size_t start = bytes.find_first_of("{[\"/_", random() % size);
                if (start != std::string::npos) bytes[start + random() % std::min<std::size_t>(64, size - start)] = "0123456789-.e[]{},:\"/_an "[random() % 25];
            }
        }
    }
    return bytes;
}

WholeFileCounts fuzz_whole_files(const WholeFileOptions& options) {
    WholeFileCounts counts;
    Random random(options.seed);
    for (std::size_t done = 0; done < options.files;) {
        const test::Scratch scratch;
        const fs::path folder = scratch / "zoo", store = scratch / "store.assay";
        fs::create_directories(folder);
        const std::size_t batch = std::min(options.batch, options.files - done);
        for (std::size_t i = 0; i < batch; ++i) {
            const fs::path& from = options.corpus[random() % options.corpus.size()];
            const std::string number = std::to_string(done + i);
            test::write_file(folder / (std::string(8 - std::min<std::size_t>(number.size(), 8), '0') + number + from.extension().string()), damage_file(test::read_file(from), random()));
        }
        done += batch;
        counts.files += batch;
        const auto run = test::run({options.program.string(), "zoo", "run", folder.string(), "-o", store.string(), "--measures", "frobenius_norm", "--timeout", std::to_string(options.timeout),
                                    "--memory", "2G", "--quiet"});
        if (run.exit_code != 0 && run.exit_code != 1) counts.complaints.push_back("the run ended with " + std::to_string(run.exit_code) + ": " + run.err.substr(0, 500));
        const auto exported = test::run({options.program.string(), "export", store.string(), "--format", "jsonl"});
        std::size_t rows = 0;
        std::istringstream lines(exported.out);
        for (std::string line; std::getline(lines, line); ++rows) {
            const std::string status = parse_json(line, "export").at("status");
            if (status != "failed") ++counts.rows[status];
        }
        if (exported.exit_code != 0 || rows != batch) counts.complaints.push_back(std::to_string(batch) + " files gave " + std::to_string(rows) + " rows");
        const auto failures = test::run({options.program.string(), "zoo", "failures", store.string(), "--all", "--json"});
        const Json failed = parse_json(failures.out, "failures");
        for (const Json& group : failed.at("groups")) {
            const std::string kind = group.at("kind");
            counts.rows["failed: " + kind] += group.at("models").size();
            const bool ours = kind == "internal";
            for (const Json& failure : group.at("models")) {
                const std::string model = failure.at("model");
                if (ours) counts.complaints.push_back(model + ": " + failure.at("reason").get<std::string>());
                if (options.keep.empty() || (!ours && kind != "crash" && kind != "timeout" && kind != "memory")) continue;
                fs::create_directories(options.keep / kind);
                fs::copy_file(folder / model, options.keep / kind / fs::path(model).filename(), fs::copy_options::overwrite_existing);
            }
        }
    }
    return counts;
}

}  // namespace assay::fuzz
