#include "libanalysis/core/json.hpp"

#include "libanalysis/core/error.hpp"

#include <cmath>
#include <limits>
#include <string>

namespace assay {
namespace {

constexpr std::size_t longest = std::size_t{256} << 20;
constexpr int deepest = 200;

// Python writes NaN, Infinity and -Infinity, which JSON does not know. Outside strings they become null; depth is checked
// on the way, since a recursive parser would run out of stack first.
std::string without_python_words(std::string_view text, std::string_view where) {
    std::string clean;
    clean.reserve(text.size());
    int depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '"') {
            const std::size_t start = i++;
            while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
            i = std::min(i + 1, text.size());
            clean.append(text.substr(start, i - start));
            continue;
        }
        if (c == '[' || c == '{') {
            if (++depth > deepest)
                throw Error(ErrorKind::format, {std::string(where), "JSON nested at most 200 deep", "deeper nesting"});
        } else if (c == ']' || c == '}') {
            --depth;
        }
        const auto word = [&](std::string_view name) { return text.substr(i, name.size()) == name; };
        if (word("NaN")) {
            clean += "null";
            i += 3;
        } else if (word("-Infinity") || word("Infinity")) {
            clean += "null";
            i += c == '-' ? 9 : 8;
        } else {
            clean += c;
            ++i;
        }
    }
    return clean;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
    if (text.size() > longest)
        throw Error(ErrorKind::format, {std::string(where), "at most 256 MiB of JSON", std::to_string(text.size()) + " bytes"});
    try {
        return Json::parse(without_python_words(text, where));
    } catch (const nlohmann::json::exception& error) {
        const std::string words = error.what();   // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
        const std::size_t end = words.find("] ");
        throw Error(ErrorKind::format, {std::string(where), "JSON", words.starts_with('[') && end != std::string::npos ? words.substr(end + 2) : words});
    }
}

Json number_to_json(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

double number_from_json(const Json& json) {
    if (json.is_number()) return json.get<double>();
    if (json.is_string()) {
        const auto& word = json.get_ref<const std::string&>();
        if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
        if (word == "inf") return std::numeric_limits<double>::infinity();
        if (word == "-inf") return -std::numeric_limits<double>::infinity();
    }
    throw Error(ErrorKind::format, {"number", "a number, \"nan\", \"inf\" or \"-inf\"", json.dump().substr(0, 80)});
}

}  // namespace assay
