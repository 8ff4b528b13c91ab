#pragma once
// The words of a verb into options, by Boost.Program_options.

#include <boost/program_options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::tools {

struct Usage {
    std::string_view line;                       ///< "assay rank STORE [options]"
    std::string_view text;                       ///< what it does, prose
    std::vector<std::string_view> examples;
    std::string_view positional;                 ///< name of the one positional argument, e.g. "STORE"; "": there is none
    bool many = false;                           ///< several of them, at least one: a std::vector<std::string>
};

/// The parsed words, or nothing when --help was asked for and printed. The positional argument stands under its name.
/// @throws Error{usage}
std::optional<boost::program_options::variables_map> parse(const Usage& usage, boost::program_options::options_description options,
                                                           const std::vector<std::string>& words);

/// What stands on both sides of the first "=" of a word, neither empty. @throws Error{usage} naming the option and the form it takes.
std::pair<std::string, std::string> name_and_value(const std::string& word, std::string_view option, std::string_view form);

}  // namespace assay::tools
