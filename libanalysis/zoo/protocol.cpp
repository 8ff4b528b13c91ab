#include "libanalysis/zoo/protocol.hpp"

namespace assay::zoo {

Json error_to_json(const Error& error) {
    const auto& parts = error.parts();
    Json json{{"kind", to_string(error.kind())}, {"where", parts.where}, {"expected", parts.expected}, {"found", parts.found}, {"advice", parts.advice}};
    if (dynamic_cast<const DeviceMemoryError*>(&error)) json["device_memory"] = true;
    return json;
}

Error error_from_json(const Json& json) {
    const auto text = [&](const char* name) {
        return json.is_object() && json.contains(name) && json.at(name).is_string() ? json.at(name).get<std::string>() : std::string();
    };
    return Error(error_kind(text("kind")), {text("where"), text("expected"), text("found"), text("advice")});
}

void throw_error(const Json& json) {
    const Error error = error_from_json(json);
    if (json.is_object() && json.contains("device_memory")) throw DeviceMemoryError(error.parts());
    throw error;
}

}  // namespace assay::zoo
