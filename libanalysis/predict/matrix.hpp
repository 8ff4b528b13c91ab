#pragma once
// Features of many models: row-major, one row a model.

#include <cstddef>
#include <span>
#include <vector>

namespace assay::predict {

struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<double> values;
    Matrix(std::size_t rows_, std::size_t columns_) : rows(rows_), columns(columns_), values(rows_ * columns_) {}
    double& operator()(std::size_t r, std::size_t c) { return values[r * columns + c]; }
    double operator()(std::size_t r, std::size_t c) const { return values[r * columns + c]; }
    std::span<const double> row(std::size_t r) const { return std::span(values).subspan(r * columns, columns); }
};

}  // namespace assay::predict
