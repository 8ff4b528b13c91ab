#include "formats/zip_archive.hpp"

#include "formats/content.hpp"
#include "libanalysis/core/error.hpp"

#include <zip.h>

#include <algorithm>

namespace assay::formats {
namespace {

constexpr zip_int64_t most_members = 10'000;
constexpr std::uint64_t never_a_bomb = std::uint64_t{256} << 20;   // bytes
constexpr std::uint64_t largest_ratio = 100;                       // declared over stored

struct CloseFile { void operator()(zip_file_t* file) const { zip_fclose(file); } };

}  // namespace

void ZipArchive::Close::operator()(zip* archive) const { zip_discard(archive); }

bool has_zip_signature(const std::filesystem::path& path) { return first_bytes(path, 4) == "PK\x03\x04"; }

ZipArchive::ZipArchive(const std::filesystem::path& path) : path_(path) {
    int code = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (!archive_) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const std::string words = code == ZIP_ER_EXISTS ? "two members of one name" : zip_error_strerror(&error);
        zip_error_fini(&error);
        throw Error(ErrorKind::format, {path.string(), "a zip archive", words, "The file may be cut short, damaged or forged."});
    }
    const zip_int64_t members = zip_get_num_entries(archive_.get(), 0);
    if (members < 0 || members > most_members)
        throw Error(ErrorKind::resource, {path.string(), "at most " + std::to_string(most_members) + " members", std::to_string(members)});
    for (zip_int64_t i = 0; i < members; ++i) {
        const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
        if (!name) throw Error(ErrorKind::format, {path.string(), "members with names", "one without"});
        names_.emplace_back(name);
    }
}

bool ZipArchive::has(const std::string& name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

std::string ZipArchive::read(const std::string& name, std::uint64_t limit) const {
    const std::string where = path_.string() + " member " + name;
    const auto place = std::find(names_.begin(), names_.end(), name);
    if (place == names_.end()) throw Error(ErrorKind::format, {path_.string(), "a member " + name, "none"});
    const auto index = static_cast<zip_uint64_t>(place - names_.begin());
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive_.get(), index, 0, &stat) < 0 || (stat.valid & needed) != needed)
        throw Error(ErrorKind::format, {where, "a member with size and method", "none"});
    if (stat.encryption_method != ZIP_EM_NONE) throw Error(ErrorKind::unsupported, {where, "a member that is not encrypted", "an encrypted one"});
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
        throw Error(ErrorKind::unsupported, {where, "a member that is stored or deflated", "compression method " + std::to_string(stat.comp_method)});
    if (stat.size > limit || (stat.size > never_a_bomb && stat.size / largest_ratio > stat.comp_size))
        throw Error(ErrorKind::resource, {where, "a member of at most " + std::to_string(limit) + " bytes, about as large as what is stored",
                                          std::to_string(stat.size) + " bytes declared, " + std::to_string(stat.comp_size) + " stored"});
    const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive_.get(), index, 0));
    if (!file) throw Error(ErrorKind::format, {where, "a readable member", zip_strerror(archive_.get())});
    std::string bytes(static_cast<std::size_t>(stat.size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const zip_int64_t step = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
        if (step <= 0) throw Error(ErrorKind::format, {where, std::to_string(stat.size) + " bytes", step < 0 ? zip_file_strerror(file.get()) : std::to_string(done)});
        done += static_cast<std::size_t>(step);
    }
    char beyond = 0;   // the read that meets the end is the one that checks the checksum
    const zip_int64_t rest = zip_fread(file.get(), &beyond, 1);
    if (rest != 0) throw Error(ErrorKind::format, {where, std::to_string(stat.size) + " bytes with their checksum", rest < 0 ? zip_file_strerror(file.get()) : "more"});
    return bytes;
}

}  // namespace assay::formats
