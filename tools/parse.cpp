#include "tools/parse.hpp"

#include "libanalysis/core/error.hpp"
#include "tools/table.hpp"

#include <fmt/format.h>

#include <sstream>

namespace assay::tools {

std::optional<boost::program_options::variables_map> parse(const Usage& usage, boost::program_options::options_description options,
                                                           const std::vector<std::string>& words) {
    namespace po = boost::program_options;
    options.add_options()("help,h", "this text");
    po::options_description all;
    all.add(options);
    po::positional_options_description positional;
    const std::string argument(usage.positional);
    if (!argument.empty()) {
        if (usage.many) all.add_options()(argument.c_str(), po::value<std::vector<std::string>>());
        else all.add_options()(argument.c_str(), po::value<std::string>());
        positional.add(argument.c_str(), usage.many ? -1 : 1);
    }
    const std::string verb(usage.line.substr(0, usage.line.find(argument.empty() ? "[" : usage.positional)));
    try {
        po::variables_map values;
        po::store(po::command_line_parser(words).options(all).positional(positional)
                      .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing).run(), values);
        if (values.contains("help")) {
            std::ostringstream list;
            list << options;
            fmt::print("Usage: {}\n\n{}\n{}\nExamples:\n", usage.line, wrapped(usage.text), list.str());
            for (const std::string_view example : usage.examples) fmt::print("  {}\n", example);
            return std::nullopt;
        }
        po::notify(values);
        if (!argument.empty() && !values.contains(argument))
            throw Error(ErrorKind::usage, {verb.substr(0, verb.size() - 1), argument, "nothing", "See " + verb + "--help"});
        return values;
    } catch (const po::error& error) {
        throw Error(ErrorKind::usage, {verb.substr(0, verb.size() - 1), "", error.what(), "See " + verb + "--help"});
    }
}

std::pair<std::string, std::string> name_and_value(const std::string& word, std::string_view option, std::string_view form) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) throw Error(ErrorKind::usage, {std::string(option), std::string(form), word});
    return {word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace assay::tools
