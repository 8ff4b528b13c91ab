#include "formats/candidate.hpp"

#include "formats/content.hpp"

namespace assay::formats {

template <class View>
const View& Candidate::Once<View>::get(const std::filesystem::path& path) {
    if (failure) std::rethrow_exception(failure);
    if (view) return *view;
    try {
        view = std::make_unique<const View>(path);
    } catch (const Error&) {
        failure = std::current_exception();
        throw;
    }
    return *view;
}

bool Candidate::has_hdf5_signature() {
    if (!hdf5_signature_) hdf5_signature_ = formats::has_hdf5_signature(path_);
    return *hdf5_signature_;
}

bool Candidate::has_zip_signature() {
    if (!zip_signature_) zip_signature_ = formats::has_zip_signature(path_);
    return *zip_signature_;
}

const hdf5::File& Candidate::hdf5() { return hdf5_.get(path_); }

const ZipArchive& Candidate::zip() { return zip_.get(path_); }

}  // namespace assay::formats
