#pragma once

namespace assay::store {

extern const char* const schema;         ///< the text of schema.sql
constexpr int schema_version = 1;

}  // namespace assay::store
