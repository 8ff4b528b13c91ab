#include "libanalysis/report/spectrum_page.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace assay;

namespace {

constexpr const char* hostile = "</script><script>alert(1)</script><b>&\"'.h5";

Json eigenpair(double value, const char* end, bool outlier) {
    return {{"value", value}, {"residual", 1e-4}, {"true_residual", 2e-4}, {"converged", true}, {"end", end}, {"outlier", outlier}};
}

Json result(bool everything) {
    Json json{{"path", std::string("/models/") + hostile}, {"objective", "cross_entropy, <mean>"}, {"operator", "hessian"}, {"parameters", 1000}, {"samples", 200},
              {"sample", {{"data", "data.h5"}, {"split", "train"}, {"of", 2000}, {"rule", "as asked"}, {"preprocessing", "x * 1"}}}, {"loss", 0.25}, {"gradient_norm", 0.5},
              {"eigenvalues", Json::array({eigenpair(12.5, "largest", true), eigenpair(3, "largest", false), eigenpair(-1.25, "smallest", false)})},
              {"tolerance", 1e-3}, {"solver", "lanczos"}, {"products", 40}, {"search", {{"products", 22}}}, {"seed", 7}, {"version", "1.2.3"}, {"precision", "float32"},
              {"device", "cpu"}, {"device_description", "cpu"}, {"instruction_set", "avx2"}, {"seconds", {{"product", 0.5}, {"gradient", 0.25}}}, {"cache", {{"cached", 3}, {"batches", 4}}}};
    for (const char* key : {"trace", "density", "layers", "halves", "kinks"}) json[key] = nullptr;
    if (!everything) return json;
    json["trace"] = {{"value", 77.5}, {"standard_error", 0}, {"method", "exact"}, {"reason", "piecewise linear"}};
    json["density"] = {{"probes", 5}, {"steps", 50}, {"smooth", {{"sigma", 0.1}, {"grid", {-1.5, 0.0, 12.5}}, {"values", {0.001, 2.0, 0.004}}}}};
    json["layers"] = Json::array({{{"name", "<i>conv</i>"}, {"parameters", 600}, {"trace", {{"value", 70.25}, {"standard_error", 2}, {"method", "hutchinson"}}}, {"largest", eigenpair(9.75, "", false)}}});
    json["halves"] = {{"halves", Json::array({{{"largest", eigenpair(12, "", false)}}, {{"largest", eigenpair(13.5, "", false)}}})}};
    json["kinks"] = {{"delta", 1e-3}, {"share", 0.002}};
    return json;
}

TEST(SpectrumPage, HoldsTheNumbersTheChartAndItsData) {
    const std::string html = report::spectrum_page(result(true));
    for (const char* words : {"12.5", "\u22121.25", "77.5", "exact", "piecewise linear", "id=\"density\"", "Save as SVG", "\"grid\":[-1.5,0.0,12.5]", "\"outlier\":true",
                              "70.25", "9.75", "&plusmn;", "two halves", "200 of 2000", "cached 3 of 4 batches", "1.2.3", "Content-Security-Policy"})
        EXPECT_NE(html.find(words), std::string::npos) << words;
}

TEST(SpectrumPage, LeavesOutWhatIsNotThere) {
    const std::string html = report::spectrum_page(result(false));
    for (const char* words : {"id=\"density\"", "<table id=\"layers\"", "<dt>Kinks</dt>", "<dt>Trace</dt>"}) EXPECT_EQ(html.find(words), std::string::npos) << words;
    EXPECT_NE(html.find("<table id=\"eigenvalues\""), std::string::npos);
}

TEST(SpectrumPage, NamesNeverBecomeMarkup) {
    const std::string html = report::spectrum_page(result(true));
    EXPECT_EQ(html.find("<script>alert"), std::string::npos);
    EXPECT_EQ(html.find("<i>conv"), std::string::npos);
    EXPECT_EQ(html.find(", <mean>"), std::string::npos);
    EXPECT_NE(html.find("&lt;i&gt;conv"), std::string::npos);
}

}  // namespace
