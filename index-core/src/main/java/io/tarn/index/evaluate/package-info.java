/** How well an index answers: recall against the truth, throughput and latency. */
package io.tarn.index.evaluate;
