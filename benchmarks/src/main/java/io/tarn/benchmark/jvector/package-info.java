/** JVector as a contender. Alone imports JVector. */
package io.tarn.benchmark.jvector;
