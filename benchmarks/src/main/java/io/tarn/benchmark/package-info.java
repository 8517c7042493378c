/**
 * Tarn beside other libraries on the same data in one run: recall, throughput, latency, and what an
 * index costs to build and to keep.
 */
package io.tarn.benchmark;
