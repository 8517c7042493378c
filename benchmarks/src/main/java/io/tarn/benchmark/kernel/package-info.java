/**
 * How fast the kernels are, beside how fast memory is. Each class of benchmarks is run by {@code
 * ./tarn bench --kernels}; see there for how to add one.
 */
package io.tarn.benchmark.kernel;
