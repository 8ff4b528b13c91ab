#pragma once
// Writes zip archives through libzip, and forges them by changing bytes.

#include <zip.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace assay::test {

using ZipMembers = std::vector<std::pair<std::string, std::string>>;   ///< name, bytes

inline void write_zip(const std::filesystem::path& path, const ZipMembers& members, bool deflate = false) {
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!archive) throw std::runtime_error("cannot write " + path.string());
    for (const auto& [name, bytes] : members) {
        zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (index < 0 || zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) < 0)
            throw std::runtime_error("cannot write " + name);
    }
    if (zip_close(archive) < 0) throw std::runtime_error("cannot write " + path.string());
}

/// Every place of `from` in the bytes becomes `to`, of the same length; at most `most` of them.
inline std::string with_bytes(std::string bytes, const std::string& from, const std::string& to, int most = 1'000'000) {
    for (std::size_t at = 0; most > 0 && (at = bytes.find(from, at)) != std::string::npos; at += to.size(), --most) bytes.replace(at, from.size(), to);
    return bytes;
}

/// Sets two or four bytes of every header of a member: at `local` after "PK\3\4", at `central` after "PK\1\2" (the offsets of the zip format).
inline std::string with_header(std::string bytes, const std::string& member, std::size_t local, std::size_t central, std::uint32_t value, int width) {
    for (const auto& [magic, field, name_at] : {std::tuple{std::string("PK\x03\x04"), local, std::size_t{30}}, std::tuple{std::string("PK\x01\x02"), central, std::size_t{46}}})
        for (std::size_t at = 0; (at = bytes.find(magic, at)) != std::string::npos; ++at) {
            if (bytes.compare(at + name_at, member.size(), member) != 0) continue;
            for (int k = 0; k < width; ++k) bytes[at + field + static_cast<std::size_t>(k)] = static_cast<char>((value >> (8 * k)) & 255);
        }
    return bytes;
}

}  // namespace assay::test
