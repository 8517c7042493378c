/** The Flink job that folds a Kafka topic into an index. */
package io.tarn.flink;
