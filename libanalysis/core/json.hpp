#pragma once
// JSON of the project: nlohmann's, plus the two things it lacks: limits for text from strangers, and numbers that JSON has
// no word for (nan, inf travel as the strings "nan", "inf", "-inf").

#include <nlohmann/json.hpp>

#include <string_view>

namespace assay {

using Json = nlohmann::ordered_json;

/// Parses text that came from a file. `where` names it in errors. Python's NaN and Infinity literals are read as null.
/// @throws Error{format} when it is not JSON, is nested deeper than 200, or is longer than 256 MiB.
Json parse_json(std::string_view text, std::string_view where);

Json number_to_json(double value);
double number_from_json(const Json& json);  ///< @throws Error{format} when it is neither a number nor one of the words

}  // namespace assay
