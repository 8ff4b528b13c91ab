#include "tools/predictor_file.hpp"

#include "tools/analysis.hpp"

namespace assay::tools {

predict::Predictor load_predictor(const std::filesystem::path& path) {
    const std::string text = read_whole(path, "a predictor file", "assay fit STORE -o FILE writes one");
    return predict::Predictor::from_json(parse_json(text, path.string()), path.string());
}

}  // namespace assay::tools
