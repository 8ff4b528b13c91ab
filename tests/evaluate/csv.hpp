#pragma once
// Reads the plain tables of the tests: no quotes, a header line.

#include "libanalysis/evaluate/frame.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace assay::test {

struct Csv {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    explicit Csv(const std::filesystem::path& path) {
        std::ifstream file(path);
        std::string line;
        while (std::getline(file, line)) {
            std::vector<std::string> cells(1);
            for (const char c : line) {
                if (c == ',') cells.emplace_back();
                else if (c != '\r') cells.back() += c;
            }
            if (header.empty()) header = cells;
            else rows.push_back(cells);
        }
    }
    std::vector<std::string> words(const std::string& column) const {
        for (std::size_t c = 0; c < header.size(); ++c)
            if (header[c] == column) {
                std::vector<std::string> out;
                for (const auto& row : rows) out.push_back(row.at(c));
                return out;
            }
        throw std::runtime_error("no column " + column);
    }
    std::vector<double> numbers(const std::string& column) const {
        std::vector<double> out;
        for (const std::string& word : words(column)) out.push_back(word.empty() ? evaluate::missing : std::strtod(word.c_str(), nullptr));
        return out;
    }
};

}  // namespace assay::test
