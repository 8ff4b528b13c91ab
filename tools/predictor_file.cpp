#include "tools/predictor_file.hpp"

#include "libanalysis/core/error.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace assay::tools {

predict::Predictor load_predictor(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
        throw Error(ErrorKind::missing, {path.string(), "a predictor file", "no readable file", "assay fit STORE -o FILE writes one"});
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return predict::Predictor::from_json(parse_json(text, path.string()), path.string());
}

}  // namespace assay::tools
