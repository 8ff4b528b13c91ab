#pragma once
// Zip archives from strangers: members are read into memory that is bounded beforehand, by their exact names. Nothing is ever written to
// a disk, so what a name says of folders does not matter.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct zip;

namespace assay::formats {

/// Whether the file begins as a zip archive does. @throws Error{missing}
bool has_zip_signature(const std::filesystem::path& path);

class ZipArchive {
public:
    /// @throws Error{format} where the central directory and the local headers of the members disagree, a name occurs twice, or
    /// the file is damaged; Error{resource} above 10,000 members
    explicit ZipArchive(const std::filesystem::path& path);

    const std::vector<std::string>& names() const { return names_; }   ///< in the archive's order
    bool has(const std::string& name) const;
    /// The bytes of a stored or deflated member, its checksum checked. @throws Error{format, unsupported}, Error{resource} where it declares
    /// more than `limit`, or more than 256 MiB and a hundred times what is stored
    std::string read(const std::string& name, std::uint64_t limit) const;

private:
    struct Close { void operator()(zip* archive) const; };
    std::filesystem::path path_;
    std::unique_ptr<zip, Close> archive_;
    std::vector<std::string> names_;
};

}  // namespace assay::formats
