/** A one-node Kafka broker inside this JVM, for the demo and tests. */
package io.tarn.kafka;
