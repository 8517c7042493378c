/** An index as a table of Flink SQL: searched, read and written; and its embedder as a model. */
package io.tarn.flink.sql;
