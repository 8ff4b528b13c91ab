#pragma once
// A file that a layout may claim: opened once for all that look at it, each view when it is first asked for.

#include "formats/hdf5.hpp"
#include "formats/zip_archive.hpp"
#include "libanalysis/core/error.hpp"

#include <exception>
#include <filesystem>
#include <memory>
#include <optional>

namespace assay::formats {

/// What fails to open fails again with the same error: a probe says no, the loading says why.
class Candidate {
public:
    explicit Candidate(std::filesystem::path path) : path_(std::move(path)) {}
    const std::filesystem::path& path() const { return path_; }

    bool has_hdf5_signature();   ///< @throws Error{missing, format, resource} where there is no file to look at
    bool has_zip_signature();    ///< the same
    const hdf5::File& hdf5();    ///< @throws Error{missing, format} as opening it does
    const ZipArchive& zip();     ///< @throws Error{format, resource} as opening it does

private:
    template <class View>
    struct Once {
        std::unique_ptr<const View> view;
        std::exception_ptr failure;
        const View& get(const std::filesystem::path& path);
    };
    std::filesystem::path path_;
    std::optional<bool> hdf5_signature_, zip_signature_;
    Once<hdf5::File> hdf5_;
    Once<ZipArchive> zip_;
};

/// Whether a file is HDF5 and as `predicate` wants it: foreign and damaged content is a no, never an error.
template <class Predicate>
bool is_hdf5_with(Candidate& candidate, Predicate predicate) {
    try {
        return candidate.has_hdf5_signature() && predicate(candidate.hdf5());
    } catch (const Error&) {
        return false;
    }
}

}  // namespace assay::formats
