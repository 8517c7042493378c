/** An index as a table of Flink SQL: searched with {@code VECTOR_SEARCH}, and read. */
package io.tarn.flink.sql;
