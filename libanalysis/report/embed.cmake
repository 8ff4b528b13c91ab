# cmake -DINPUT=file -DOUTPUT=file.cpp -DIDENTIFIER=name -P embed.cmake: the file's bytes as a std::string_view.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX REPLACE "(('.x[0-9a-f][0-9a-f]',)('.x[0-9a-f][0-9a-f]',)('.x[0-9a-f][0-9a-f]',)('.x[0-9a-f][0-9a-f]',))" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"libanalysis/report/assets.hpp\"
namespace assay::report::assets {
namespace {
constexpr char bytes[] = {${bytes}'\\0'};
}
extern const std::string_view ${IDENTIFIER}{bytes, sizeof bytes - 1};
}
")
