#pragma once
// Content hashes: SHA-256 in lower-case hexadecimal, the same word that sha256sum prints.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace assay {

class Hasher {
public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    std::string finish();  ///< call once

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string hash_bytes(std::string_view bytes);

/// @throws Error{missing} when the file cannot be opened, Error{resource} when reading fails.
std::string hash_file(const std::filesystem::path& path);

}  // namespace assay
