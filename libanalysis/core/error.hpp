#pragma once
// What went wrong, as a type for callers and as words for people.

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace assay {

/// What a caller can do about an error. Tools map it to an exit code (docs/exit-codes.md).
enum class ErrorKind {
    usage,        ///< the request itself is wrong: an option, a name, a combination
    format,       ///< the bytes of a file are not what the format says
    unsupported,  ///< a valid file holds something that Assay does not have (a layer, a loss)
    data,         ///< data do not fit the model: shapes, classes, values
    missing,      ///< a file or an ingredient is not there
    resource,     ///< memory, disk, permission
    unavailable,  ///< a device that is not there or cannot be used
    interrupted,  ///< asked to stop; running again goes on
    internal,     ///< a defect of Assay
};

std::string_view to_string(ErrorKind kind);
ErrorKind error_kind(std::string_view name);  ///< inverse of to_string; unknown names are `internal`

/// Where, what was expected, what was found, what to do: the message is "where: expected X, found Y. Advice".
class Error : public std::runtime_error {
public:
    struct Parts {
        std::string where;     ///< file, object, layer, option
        std::string expected;  ///< may be empty: then the message is "where: found"
        std::string found;
        std::string advice{};  ///< a full sentence, or empty
    };
    Error(ErrorKind kind, Parts parts);
    ErrorKind kind() const noexcept { return kind_; }
    const Parts& parts() const noexcept { return parts_; }

private:
    ErrorKind kind_;
    Parts parts_;
};

/// The memory of a device ran out. Its kind is `resource`, but it depends on who else computes there and not only on what was asked for.
class DeviceMemoryError : public Error {
public:
    explicit DeviceMemoryError(Parts parts) : Error(ErrorKind::resource, std::move(parts)) {}
};

/// Whether an error says something of the circumstances alone (a stop was asked for, a device broke or is full): then it is no reason
/// for a value to be missing, and whoever computes values passes it on.
bool is_circumstance(const Error& error) noexcept;

/// Exit codes of the program: 0 done, 1 some models failed, then sysexits.
enum class ExitCode { done = 0, some_failed = 1, usage = 2, bad_data = 65, missing_input = 66, unavailable = 69,
                      internal = 70, cannot_write = 73, interrupted = 75 };
ExitCode exit_code(ErrorKind kind);
ExitCode exit_code(const Error& error);   ///< of its kind; a device that is full is one that is not available

}  // namespace assay
