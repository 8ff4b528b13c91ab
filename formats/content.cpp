#include "formats/content.hpp"

#include "formats/zip_archive.hpp"
#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>

namespace assay::formats {
namespace {

constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";

std::ifstream open_binary(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) throw Error(ErrorKind::missing, {path.string(), "a file", "nothing there"});
    if (!std::filesystem::is_regular_file(path, ignored)) throw Error(ErrorKind::format, {path.string(), "a file", "no regular file"});
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorKind::resource, {path.string(), "a readable file", "it cannot be opened", "Check its permissions."});
    return file;
}

bool is_text(std::string_view head) {
    return std::all_of(head.begin(), head.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x80 || std::isprint(byte) || std::isspace(byte);
    });
}

// safetensors: the length of a JSON header, then the header.
bool is_safetensors(std::string_view head) {
    if (head.size() < 9 || head[8] != '{') return false;
    std::uint64_t length = 0;
    std::memcpy(&length, head.data(), 8);
    return length > 1 && length <= 100'000'000;
}

std::string describe_zip(const std::filesystem::path& path) {
    try {
        const ZipArchive archive(path);
        for (const std::string& name : archive.names()) {
            if (name == "data.pkl" || name.ends_with("/data.pkl")) return "a PyTorch zip checkpoint, which is not read yet";
            if (name.ends_with(".npy")) return "a numpy archive (.npz), which is not read yet";
        }
        return archive.names().empty() ? "an empty zip archive" : "a zip archive without a Keras model, whose first member is " + archive.names().front().substr(0, 200);
    } catch (const Error& error) {
        return "a damaged or forged zip archive: " + error.parts().found;
    }
}

}  // namespace

std::string first_bytes(const std::filesystem::path& path, std::size_t count) {
    std::ifstream file = open_binary(path);
    std::string head(count, '\0');
    file.read(head.data(), static_cast<std::streamsize>(count));
    head.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return head;
}

bool has_hdf5_signature(const std::filesystem::path& path) {
    std::ifstream file = open_binary(path);
    std::array<char, 8> found{};
    for (std::streamoff offset = 0; file.seekg(offset) && file.read(found.data(), 8); offset = offset == 0 ? 512 : 2 * offset)
        if (std::string_view(found.data(), 8) == hdf5_signature) return true;
    return false;
}

std::string describe_content(const std::filesystem::path& path) {
    const std::string head = first_bytes(path, 512);
    const std::string_view text = head;
    if (text.empty()) return "an empty file";
    if (has_hdf5_signature(path)) return "an HDF5 file";
    if (text.starts_with("version https://git-lfs")) return "a git-LFS pointer, not the file itself (git lfs pull fetches it)";
    if (has_zip_signature(path)) return describe_zip(path);
    if (text.starts_with("\x80\x02\x8a\x0al\xfc\x9c")) return "a PyTorch checkpoint of the old layout, which is not read yet";
    if (text.starts_with("\x80")) return "a Python pickle, which is not read";
    if (is_safetensors(text)) return "a safetensors file, which is not read yet";
    if (text.starts_with("\x93NUMPY")) return "a numpy array, which is not read yet";
    if (text.starts_with("\x1f\x8b")) return "a gzip archive, which is not read";
    if (path.extension() == ".onnx") return "perhaps an ONNX model, which is not read yet";
    if (std::all_of(text.begin(), text.end(), [](char c) { return c == 0; })) return "zero bytes";
    if (is_text(text)) return text.find_first_not_of(" \t\r\n") != std::string_view::npos && text[text.find_first_not_of(" \t\r\n")] == '{' ? "JSON text" : "text";
    return "bytes of an unknown format";
}

bool is_foreign_checkpoint(const std::filesystem::path& path) {
    const std::string words = describe_content(path);
    return words.starts_with("a PyTorch") || words.starts_with("a safetensors");
}

bool has_checkpoint_suffix(const std::filesystem::path& path) {
    static constexpr std::string_view known[] = {".h5", ".hdf5", ".hdf", ".keras", ".pt", ".pth", ".th", ".ckpt", ".safetensors", ".onnx"};
    std::string suffix = path.extension().string();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(std::begin(known), std::end(known), suffix) != std::end(known);
}

std::string read_text(const std::filesystem::path& path, std::size_t limit) {
    std::ifstream file = open_binary(path);
    const std::uintmax_t size = std::filesystem::file_size(path);
    if (size > limit) throw Error(ErrorKind::format, {path.string(), "at most " + std::to_string(limit) + " bytes of text", std::to_string(size) + " bytes"});
    std::string text(static_cast<std::size_t>(size), '\0');
    file.read(text.data(), static_cast<std::streamsize>(size));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

}  // namespace assay::formats
