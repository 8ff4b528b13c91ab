// Operators made of operators, against the matrices that they stand for.

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/deflated_operator.hpp"
#include "libanalysis/linop/matrix_operator.hpp"
#include "libanalysis/linop/scaled_operator.hpp"
#include "libanalysis/linop/shifted_operator.hpp"
#include "libanalysis/linop/submatrix_operator.hpp"
#include "libanalysis/linop/sum_operator.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

namespace assay::linop {
namespace {

using test::Dense;
using test::Diagonal;

/// Row-major, column by column, by single or double precision products.
template <class T>
std::vector<double> written_out(const LinearOperator& a) {
    std::vector<double> matrix(a.rows() * a.cols());
    std::vector<T> unit(a.cols()), column(a.rows());
    for (std::size_t j = 0; j < a.cols(); ++j) {
        unit[j] = 1;
        a.apply(std::span<const T>(unit), std::span<T>(column));
        unit[j] = 0;
        for (std::size_t i = 0; i < a.rows(); ++i) matrix[i * a.cols() + j] = static_cast<double>(column[i]);
    }
    return matrix;
}

std::vector<double> transposed(const LinearOperator& a) {
    std::vector<double> matrix(a.rows() * a.cols()), unit(a.rows()), row(a.cols());
    for (std::size_t i = 0; i < a.rows(); ++i) {
        unit[i] = 1;
        a.apply_transpose(unit, row);
        unit[i] = 0;
        for (std::size_t j = 0; j < a.cols(); ++j) matrix[i * a.cols() + j] = row[j];
    }
    return matrix;
}

/// The matrix by every product there is.
void expect_is(const LinearOperator& a, const std::vector<double>& expected) {
    EXPECT_LE(test::distance(written_out<double>(a), expected), test::roundoff<double>);
    EXPECT_LE(test::distance(written_out<float>(a), expected), test::roundoff<float>);
    EXPECT_LE(test::distance(transposed(a), expected), test::roundoff<double>);
}

const std::vector<double> square{1, 2, 3, 4, 5, 6, 7, 8, 9};   // not symmetric

TEST(ShiftedOperator, SubtractsFromTheDiagonal) {
    const MatrixOperator a(std::span<const double>(square), 3, 3);
    expect_is(ShiftedOperator(a, 2), {-1, 2, 3, 4, 3, 6, 7, 8, 7});
    EXPECT_FALSE(ShiftedOperator(a, 2).symmetric());
    EXPECT_TRUE(ShiftedOperator(Diagonal({1, 2}), 2).symmetric());
    const MatrixOperator wide(std::span<const double>(square).first(6), 2, 3);
    EXPECT_THROW(ShiftedOperator(wide, 1), Error);
}

TEST(ScaledOperator, MultipliesEveryEntry) {
    const MatrixOperator wide(std::span<const double>(square).first(6), 2, 3);
    expect_is(ScaledOperator(-0.5, wide), {-0.5, -1, -1.5, -2, -2.5, -3});
}

TEST(SumOperator, AddsMultiples) {
    const std::vector<double> other{1, 0, 0, 0, 1, 0};
    const MatrixOperator a(std::span<const double>(square).first(6), 2, 3), b(std::span<const double>(other), 2, 3);
    expect_is(SumOperator(2, a, -1, b), {1, 4, 6, 8, 9, 12});
    const Diagonal narrow({1, 2}, true), wide({1, 2}), longer({1, 2, 3});
    EXPECT_TRUE(SumOperator(1, narrow, 1, narrow).single_precision());
    EXPECT_FALSE(SumOperator(1, narrow, 1, wide).single_precision());   // one product in double wants vectors in double
    EXPECT_THROW(SumOperator(1, wide, 1, longer), Error);
}

TEST(SubmatrixOperator, IsTheRowsAndColumnsOfTheRanges) {
    std::vector<double> entries(36);
    for (std::size_t i = 0; i < 36; ++i) entries[i] = static_cast<double>(10 * (i / 6) + i % 6);
    const MatrixOperator a(std::span<const double>(entries), 6, 6);
    expect_is(SubmatrixOperator(a, {{"late", 4, 2}, {"empty", 3, 0}, {"early", 1, 1}}), {44, 45, 41, 54, 55, 51, 14, 15, 11});
    EXPECT_EQ(SubmatrixOperator(a, {}).rows(), 0u);
    EXPECT_THROW(SubmatrixOperator(a, {{"out", 4, 3}}), Error);
    EXPECT_THROW(SubmatrixOperator(a, {{"a", 0, 3}, {"b", 2, 2}}), Error);
    EXPECT_THROW(SubmatrixOperator(a, {{"a", 2, 2}, {"b", 2, 2}}), Error);
}

TEST(DeflatedOperator, SubtractsOuterProductsAndTakesEigenvaluesOut) {
    const Dense two({1, 2, 2, 5}, 2);
    expect_is(DeflatedOperator(two, {2, -1}, {{1, 0}, {1, 1}}), {0, 3, 3, 6});
    const std::size_t n = 60;
    const Dense a(test::symmetric(n, Seed{9}), n);
    std::vector<double> copy = a.values();
    const std::vector<double> exact = spectral::lapack::symmetric_eigenvalues(copy, n);
    const spectral::Eigenvalues top = spectral::lanczos(a, {.largest = 3, .tolerance = 1e-10});
    std::vector<double> values;
    std::vector<std::vector<double>> vectors;
    for (const spectral::Eigenpair& pair : top.largest) values.push_back(pair.value), vectors.push_back(pair.vector);
    const spectral::Eigenvalues rest = spectral::lanczos(DeflatedOperator(a, values, vectors), {.largest = 1, .smallest = 1, .tolerance = 1e-10});
    EXPECT_NEAR_RELATIVE(rest.largest[0].value, exact[n - 4], 1e-12);
    EXPECT_NEAR_RELATIVE(rest.smallest[0].value, exact[0], 1e-12);
    EXPECT_THROW(DeflatedOperator(a, {1}, {}), Error);
    EXPECT_THROW(DeflatedOperator(a, {1}, {{1, 2}}), Error);
    const MatrixOperator other(std::span<const double>(square), 3, 3);
    EXPECT_THROW(DeflatedOperator(other, {}, {}), Error);
}

TEST(OperatorAlgebra, ComposesAndKeepsThePrecision) {
    const Diagonal a({1, 2, 3, 4}, true);
    const ScaledOperator scaled(3, a);
    const ShiftedOperator shifted(scaled, 1);
    const SubmatrixOperator part(shifted, {{"", 2, 2}});
    EXPECT_TRUE(part.single_precision() && part.symmetric());
    expect_is(part, {8, 0, 0, 11});
}

}  // namespace
}  // namespace assay::linop
