#include "libanalysis/core/error.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace assay {
namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 9> names{{
    {ErrorKind::usage, "usage"}, {ErrorKind::format, "format"}, {ErrorKind::unsupported, "unsupported"},
    {ErrorKind::data, "data"}, {ErrorKind::missing, "missing"}, {ErrorKind::resource, "resource"},
    {ErrorKind::unavailable, "unavailable"}, {ErrorKind::interrupted, "interrupted"}, {ErrorKind::internal, "internal"},
}};

std::string message(const Error::Parts& parts) {
    std::string text = parts.where;
    if (!text.empty()) text += ": ";
    if (!parts.expected.empty()) text += "expected " + parts.expected + ", found ";
    text += parts.found;
    if (!parts.advice.empty()) text += ". " + parts.advice;
    return text;
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
    for (const auto& [value, name] : names)
        if (value == kind) return name;
    return "internal";
}

ErrorKind error_kind(std::string_view name) {
    for (const auto& [value, known] : names)
        if (known == name) return value;
    return ErrorKind::internal;
}

Error::Error(ErrorKind kind, Parts parts) : std::runtime_error(message(parts)), kind_(kind), parts_(std::move(parts)) {}

bool is_circumstance(const Error& error) noexcept {
    return error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unavailable || dynamic_cast<const DeviceMemoryError*>(&error);
}

ExitCode exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage: return ExitCode::usage;
        case ErrorKind::format:
        case ErrorKind::unsupported:
        case ErrorKind::data: return ExitCode::bad_data;
        case ErrorKind::missing: return ExitCode::missing_input;
        case ErrorKind::resource: return ExitCode::cannot_write;
        case ErrorKind::unavailable: return ExitCode::unavailable;
        case ErrorKind::interrupted: return ExitCode::interrupted;
        case ErrorKind::internal: return ExitCode::internal;
    }
    return ExitCode::internal;
}

ExitCode exit_code(const Error& error) { return dynamic_cast<const DeviceMemoryError*>(&error) ? ExitCode::unavailable : exit_code(error.kind()); }

}  // namespace assay
