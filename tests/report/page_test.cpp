#include "libanalysis/report/page.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/report/html.hpp"
#include "tests/report/zoo.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <regex>

using namespace assay;
using namespace assay::report;
using namespace assay::report::test;

namespace {

std::size_t count(const std::string& text, std::string_view word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
}

// What lies outside of <script> and <style>.
std::string markup(const std::string& html) {
    std::string out = html;
    for (const char* element : {"script", "style"}) {
        const std::string open = "<" + std::string(element), close = "</" + std::string(element) + ">";
        for (std::size_t at = out.find(open); at != std::string::npos; at = out.find(open)) {
            const std::size_t end = out.find(close, at);
            out.erase(at, end == std::string::npos ? std::string::npos : end + close.size() - at);
        }
    }
    return out;
}

}  // namespace

TEST(Html, EscapesTextForTagsAndAttributes) {
    EXPECT_EQ(escaped("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    EXPECT_EQ(escaped("a\nb"), "a\\x0ab");
}

TEST(Html, JsonCannotEndItsScript) {
    const std::string text = script_json({{"name", "</script><!--"}});
    EXPECT_EQ(text.find('<'), std::string::npos);
    EXPECT_EQ(Json::parse(text)["name"], "</script><!--");
    EXPECT_NO_THROW(script_json({{"name", "\xff"}}));
}

TEST(Page, NamesNeverBecomeMarkup) {
    const std::string html = page_of(zoo());
    EXPECT_EQ(html.find("alert(1)</script>"), std::string::npos);
    const std::string outside = markup(html);
    EXPECT_EQ(count(outside, "<script"), 0u);
    EXPECT_EQ(count(outside, "<img"), 0u);
    EXPECT_EQ(count(outside, "<i>"), 0u);
    EXPECT_EQ(count(outside, "<zoo>"), 0u);
    EXPECT_NE(outside.find("&lt;/script&gt;&lt;script&gt;alert(1)"), std::string::npos);
    EXPECT_NE(outside.find("broken &lt;img src=x onerror=alert(2)&gt;.h5"), std::string::npos);
    // Four scripts of ours: data, D3, what charts share, page.
    EXPECT_EQ(count(html, "<script"), 4u);
}

TEST(Page, NeedsNoNetwork) {
    const std::string outside = markup(page_of(zoo()));
    EXPECT_FALSE(std::regex_search(outside, std::regex("<[a-z][^>]*\\s(src|href(?!=\"#)|srcset|action|poster|data)\\s*=", std::regex::icase)));
    EXPECT_NE(outside.find("default-src 'none'"), std::string::npos);   // and the browser would refuse
    EXPECT_EQ(page_of(zoo()).find("@import"), std::string::npos);
}

TEST(Page, HoldsItsNumbersAsData) {
    const std::string html = page_of(zoo());
    const std::string start = "<script type=\"application/json\" id=\"data\">";
    const std::size_t from = html.find(start) + start.size();
    const Json data = Json::parse(html.substr(from, html.find("</script>", from) - from));
    EXPECT_EQ(data["models"].size(), 24u);
    EXPECT_EQ(data["targets"][0]["name"], "gap");
    EXPECT_EQ(data["targets"][1]["charts"][0]["measure"], "norm.exact");
    EXPECT_EQ(data["predictions"].size(), 24u);
    for (const Json& target : data["targets"])
        for (const Json& chart : target["charts"]) {
            EXPECT_NE(chart["measure"], "test_loss");   // what looks at the answer is never charted as a predictor
            EXPECT_TRUE(data["measures"].contains(chart["measure"].get<std::string>()));
        }
    EXPECT_EQ(data["factors"][0]["levels"], Json({"1", "2", "3"}));
}

TEST(Page, HasEverySectionAndTableAccessible) {
    const std::string outside = markup(page_of(zoo()));
    for (const char* heading : {"Ranking by predicted test error", "Which measure orders the models?", "Measure against target", "Failures",
                                "How these numbers came about"})
        EXPECT_NE(outside.find(heading), std::string::npos) << heading;
    EXPECT_EQ(count(outside, "<table"), count(outside, "<caption"));
    EXPECT_EQ(count(outside, "<table"), count(outside, "</table>"));
    EXPECT_EQ(count(outside, "<section"), count(outside, "</section>"));
    EXPECT_EQ(count(outside, "<tr>") + count(outside, "<tr "), count(outside, "</tr>"));
    EXPECT_NE(outside.find("lang=\"en\""), std::string::npos);
    EXPECT_NE(outside.find("1 failed"), std::string::npos);
    EXPECT_NE(outside.find("looks at test labels"), std::string::npos);
    EXPECT_NE(outside.find("&lt;host&gt;"), std::string::npos);
}

TEST(Page, HoldsWhatTheSectionsShow) {
    const std::string html = page_of(zoo()), start = "<script type=\"application/json\" id=\"data\">";
    const std::size_t from = html.find(start) + start.size();
    const Json data = Json::parse(html.substr(from, html.find("</script>", from) - from));
    EXPECT_EQ(data["matrices"].size(), data["targets"].size());
    EXPECT_EQ(data["coverage"].size(), 5u);   // 24 models in three groups are too few for 95 %
    for (const Json& model : data["explanation"]["models"]) {
        double logit = model["base"].get<double>() + model["rest"].get<double>();
        for (const Json& part : model["parts"]) logit += part[1].get<double>();
        const Json& row = model["row"];
        const auto one = std::find_if(data["predictions"].begin(), data["predictions"].end(), [&](const Json& prediction) { return prediction["row"] == row; });
        EXPECT_NEAR((*one)["predicted"].get<double>(), 1 / (1 + std::exp(logit)), 1e-12);
    }
    const std::string outside = markup(html);
    for (const char* heading : {"Measures under every protocol", "Where it breaks", "What carries the prediction", "Do the intervals hold what they say?"})
        EXPECT_NE(outside.find(heading), std::string::npos) << heading;
    Content plain = zoo();
    plain.table.config.clear();
    EXPECT_NE(page_of(plain).find("Not on this zoo: <code>psi</code>"), std::string::npos);
}

TEST(Page, SaysWhatCannotBeMade) {
    Content content = zoo();
    content.table.metrics.clear();
    content.table.measures.erase("test_accuracy");
    const std::string outside = markup(page_of(content));
    EXPECT_NE(outside.find("No prediction could be made: target test_error: expected a test accuracy"), std::string::npos);
    EXPECT_NE(outside.find("No measure could be judged"), std::string::npos);
    EXPECT_NE(outside.find("broken &lt;img"), std::string::npos);   // the rest is there
    EXPECT_NO_THROW(page_of(Content{}));
}

TEST(Page, SameStoreSameBytes) { EXPECT_EQ(page_of(zoo()), page_of(zoo())); }

// browser_test.py looks at a page with more measures, so that every table has something to sort and to filter.
TEST(Page, ServesAReaderInABrowser) {
    Content content = zoo();
    for (std::uint64_t k = 0; k < 12; ++k)
        for (std::uint64_t i = 0; i < 24; ++i) content.table.measures["noise_" + std::to_string(k)].push_back(Seed{4}.child(k).normal(i));
    for (const double accuracy : content.table.metrics["test_accuracy"]) content.table.measures["margin"].push_back(accuracy);   // falls with the error
    const assay::test::Scratch scratch;
    assay::test::write_file(scratch / "r.html", page_of(content));
    const char* python = std::getenv("ASSAY_PYTHON");   // Debian's own has python3-selenium, another one in the PATH may not
    const assay::test::ProcessResult result = assay::test::run({python ? python : "/usr/bin/python3", (assay::test::source_folder() / "tests/report/browser_test.py").string(),
                                                  (scratch / "r.html").string()});
    if (result.exit_code == 77 || result.exit_code == 127) GTEST_SKIP() << "SKIPPED: needs chromium, chromium-driver and python3-selenium: " << result.out.substr(0, 300);
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(Content, WordsAndHashOfAStore) {
    const evaluate::Frame frame = frame_of(zoo().table);
    EXPECT_EQ(frame.factor("depth").values[1], "2");
    EXPECT_EQ(frame.factor("note").values[1], "other");
    EXPECT_EQ(frame.metric("test_accuracy")->values.size(), 24u);
    store::ModelRow a, b, c;
    a.content = "bb";
    b.content = "aa";
    c.content = "cc";
    a.status = b.status = "ok";
    c.status = "failed";
    EXPECT_EQ(zoo_hash({a, b, c}), hash_bytes("aa\nbb\n"));
    EXPECT_EQ(zoo_hash({b, a}), zoo_hash({a, b, c}));
}
