#include "libanalysis/core/hash.hpp"

#include "libanalysis/core/error.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

namespace assay {

struct Hasher::State {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
    if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1)
        throw Error(ErrorKind::internal, {"SHA-256", "a digest from libcrypto", "none"});
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()); }
void Hasher::update(std::string_view text) { update(std::as_bytes(std::span(text))); }

std::string Hasher::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

std::string hash_bytes(std::string_view bytes) {
    Hasher hasher;
    hasher.update(bytes);
    return hasher.finish();
}

std::string hash_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw Error(ErrorKind::missing, {path.string(), "a file", "a folder"});
    if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
        throw Error(ErrorKind::format, {path.string(), "a file", "no regular file"});   // a pipe or a device never ends
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorKind::missing, {path.string(), "a readable file", "none"});
    Hasher hasher;
    std::vector<char> buffer(1 << 16);   // stays in the cache, and comes from the heap rather than from the kernel each time
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0)
        hasher.update(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(file.gcount()))));
    if (file.bad()) throw Error(ErrorKind::resource, {path.string(), "to read to the end", "a read error"});
    return hasher.finish();
}

}  // namespace assay
