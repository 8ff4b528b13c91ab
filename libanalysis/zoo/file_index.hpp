#pragma once
// Content hashes of files, without reading again what has not changed since the store last saw it.

#include "libanalysis/store/store.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace assay::zoo {

class FileIndex {
public:
    FileIndex() = default;
    explicit FileIndex(std::vector<store::FileRow> known);

    /// The hash when the file is unchanged, or when a file of this size was seen before (then it is read). Nothing for a file that
    /// cannot have been seen, or cannot be read: whoever works on it will know.
    std::optional<std::string> known_content(const std::filesystem::path& path);

    /// The hash of a file, or of every file below a folder with its name. @throws Error{missing, resource}
    std::string content(const std::filesystem::path& path);

    /// Size, times and inode; "" where there is no file.
    static std::string signature(const std::filesystem::path& path);

    /// Remembers what someone else hashed while the file had this signature (from before) and still has it.
    void remember(const std::filesystem::path& path, const std::string& before, const std::string& content);

    std::vector<store::FileRow> take_new();   ///< what the store should remember

private:
    std::string hash(const std::filesystem::path& path);
    std::unordered_map<std::string, store::FileRow> rows_;
    std::unordered_set<std::uint64_t> sizes_;
    std::vector<store::FileRow> new_;
};

}  // namespace assay::zoo
