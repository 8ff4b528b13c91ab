#include "formats/affine_expression.hpp"

#include "libanalysis/core/error.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace assay::formats {
namespace {

constexpr int deepest = 32;

/// sum := product (('+'|'-') product)*, product := factor (('*'|'/') factor)*, factor := ('+'|'-')* (number | 'x' | '(' sum ')')
class Parser {
public:
    Parser(const std::string& text, const std::string& where) : text_(text), where_(where), rest_(text) {}

    AffineFunction run() {
        const AffineFunction result = sum(0);
        if (next() != '\0') fail("the end of the expression");
        if (!std::isfinite(result.scale) || !std::isfinite(result.offset)) fail("numbers that are finite");
        return result;
    }

private:
    [[noreturn]] void fail(const std::string& expected) const {
        throw Error(ErrorKind::usage, {where_, expected, rest_.empty() ? "its end, in " + text_ : std::string(rest_) + ", in " + text_,
                                       "An affine function of x is accepted, of numbers, x, + - * / and brackets: x/255, (x-0.1307)/0.3081; or an activation: relu, square."});
    }
    char next() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
        return rest_.empty() ? '\0' : rest_.front();
    }
    bool take(char character) {
        if (next() != character) return false;
        rest_.remove_prefix(1);
        return true;
    }
    AffineFunction sum(int depth) {
        AffineFunction left = product(depth);
        while (next() == '+' || next() == '-') {
            const double sign = take('+') ? 1 : (take('-'), -1);
            const AffineFunction right = product(depth);
            left = {left.scale + sign * right.scale, left.offset + sign * right.offset};
        }
        return left;
    }
    AffineFunction product(int depth) {
        AffineFunction left = factor(depth);
        while (next() == '*' || next() == '/') {
            const bool divides = next() == '/';
            rest_.remove_prefix(1);
            if (next() == '*' || next() == '/') fail("one operator, not ** or //");
            const AffineFunction right = factor(depth);
            if (divides) {
                if (right.scale != 0) fail("a number to divide by");
                if (right.offset == 0) fail("a number to divide by that is not 0");
                left = {left.scale / right.offset, left.offset / right.offset};
            } else {
                if (left.scale != 0 && right.scale != 0) fail("x times a number, not times x");
                left = {left.scale * right.offset + right.scale * left.offset, left.offset * right.offset};
            }
        }
        return left;
    }
    AffineFunction factor(int depth) {
        if (depth > deepest) fail("brackets at most " + std::to_string(deepest) + " deep");
        double sign = 1;
        while (next() == '+' || next() == '-')
            if (!take('+') && take('-')) sign = -sign;
        if (take('x')) return {sign, 0};
        if (take('(')) {
            const AffineFunction inside = sum(depth + 1);
            if (!take(')')) fail("a closing bracket");
            return {sign * inside.scale, sign * inside.offset};
        }
        const char first = next();
        double value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc() || !((first >= '0' && first <= '9') || first == '.')) fail("a number, x or an opening bracket");
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return {0, sign * value};
    }

    const std::string& text_;
    const std::string& where_;
    std::string_view rest_;
};

}  // namespace

AffineFunction parse_affine(const std::string& text, const std::string& where) { return Parser(text, where).run(); }

}  // namespace assay::formats
